import Foundation
import Tensors

/// A value in the metrics file.
public enum MetricValue: Sendable, Equatable, Encodable {
  /// A number; one that is not finite is written as null.
  case number(Double)
  /// Several numbers; one that is not finite is written as null.
  case numbers([Double])
  /// A count.
  case integer(Int)
  /// A text.
  case text(String)

  /// Writes the bare value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number) where number.isFinite: try container.encode(number)
    case .number: try container.encodeNil()
    case .numbers(let numbers): try container.encode(numbers.map { $0.isFinite ? $0 : nil })
    case .integer(let count): try container.encode(count)
    case .text(let text): try container.encode(text)
    }
  }
}

extension MetricValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral
{
  /// Creates a number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// Creates a count.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// Creates a text.
  public init(stringLiteral value: String) { self = .text(value) }
}

/// The metrics of a run: `metrics.jsonl`, one JSON object a line, keys sorted.
///
/// Every line has `schema_version`, `kind`, `epoch`, `step`, `time` (UTC, ISO 8601) and
/// `monotonic` (seconds since the log was opened; never jumps). Only rank 0 keeps one. A line that
/// cannot be written is lost with one warning, and the run goes on.
public final class RunLog {
  private let path: String
  private let opened = ContinuousClock.now
  private let warn: (String) -> Void
  private var file: FileHandle?
  private var hasWarned = false

  /// Opens the log, and keeps of an earlier part of the run what its checkpoint knows of.
  ///
  /// - Parameters:
  ///   - path: The file; created where it does not exist.
  ///   - step: Lines of later steps are removed, and so is a torn last line; 0 for a new run.
  ///   - epoch: Lines that speak of more epochs as done are removed, too.
  ///   - warn: Called once when lines can no longer be written.
  /// - Throws: `FileError`.
  public init(
    path: String, resumingAfter step: Int, epoch: Int, warn: @escaping (String) -> Void
  ) throws {
    self.path = path
    self.warn = warn
    let old = step > 0 ? try Self.bytes(of: path) : []
    let kept = old.split(separator: UInt8(ascii: "\n")).filter { line in
      guard let place = try? JSONDecoder().decode(Place.self, from: Data(line)) else {
        return false
      }
      return place.step <= step && place.epoch <= epoch
    }
    try AtomicFile.write(Data(kept.flatMap { $0 + [UInt8(ascii: "\n")] }), to: path)
    file = FileHandle(forWritingAtPath: path)
    _ = try? file?.seekToEnd()
  }

  /// What a log holds so far, nothing if there is none.
  private static func bytes(of path: String) throws(FileError) -> [UInt8] {
    do throws(FileError) { return try WholeFile.bytes(path) } catch {
      guard error.fault == .missing else { throw error }
      return []
    }
  }

  /// What decides whether a line stays.
  private struct Place: Decodable { let step, epoch: Int }

  /// Appends a line about the epochs and steps done so far.
  public func append(
    _ kind: String, epoch: Int, step: Int, _ fields: [String: MetricValue]
  ) {
    let seconds = opened.duration(to: .now) / .seconds(1)
    var line = fields
    line["schema_version"] = 1
    line["kind"] = .text(kind)
    line["epoch"] = .integer(epoch)
    line["step"] = .integer(step)
    line["time"] = .text(Date.now.formatted(.iso8601))
    line["monotonic"] = .number((seconds * 1000).rounded() / 1000)
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      guard let file else { throw FileError(path, "is not open", fault: .operation) }
      try file.write(contentsOf: encoder.encode(line) + [UInt8(ascii: "\n")])
    } catch {
      if !hasWarned { warn("\(path): metrics are lost from here on: \(error)") }
      hasWarned = true
    }
  }
}
