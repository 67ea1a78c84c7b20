import Foundation
internal import Tensors

/// What a run wrote about its epochs: the lines of `metrics.jsonl`.
public struct MetricsFile: Sendable {
  /// One epoch's figures.
  struct Line: Sendable {
    let epoch: Int
    let step: Int
    /// Seconds since 1970; 0 where the line does not tell.
    let time: Double
    /// Numbers by name; those that are not finite are left out.
    let numbers: [String: Double]
    /// Lists of numbers by name.
    let lists: [String: [Double]]

    /// All numbers by name, in the order of the names; those of lists are numbered from 1.
    var scalars: [(tag: String, value: Double)] {
      let members = lists.flatMap { name, values in
        values.enumerated().map { (tag: Self.name($0.offset + 1, of: name), value: $0.element) }
      }
      return (numbers.map { (tag: $0.key, value: $0.value) } + members).sorted { $0.tag < $1.tag }
    }

    private static func name(_ place: Int, of list: String) -> String {
      "\(list)/" + (place < 10 ? "0" : "") + "\(place)"
    }
  }

  /// The lines about whole epochs, in their order.
  let lines: [Line]

  /// Fields that say where a line stands rather than what was found.
  private static let places: Set<String> = ["epoch", "step", "monotonic", "schema_version"]

  /// Reads a file; a torn last line, as of a run that goes on, is left out.
  ///
  /// - Throws: `FileError` where it is missing, or a line is no object of a known version.
  public init(reading path: String) throws {
    let data = try WholeFile.bytes(path)
    let texts = data.split(separator: UInt8(ascii: "\n"))
    var lines: [Line] = []
    for (number, text) in texts.enumerated() {
      guard let line = try? JSONDecoder().decode([String: Field].self, from: Data(text)),
        case .number(1)? = line["schema_version"], case .number(let epoch)? = line["epoch"],
        case .number(let step)? = line["step"]
      else {
        if number == texts.count - 1 && data.last != UInt8(ascii: "\n") { break }
        throw FileError(
          path, "line \(number + 1) is no line of metrics of version 1", fault: .content)
      }
      lines.append(Line(line, epoch: Int(epoch), step: Int(step), without: Self.places))
    }
    self.lines = lines
  }
}

extension MetricsFile.Line {
  fileprivate init(
    _ fields: [String: Field], epoch: Int, step: Int, without places: Set<String>
  ) {
    self.epoch = epoch
    self.step = step
    var (numbers, lists, time) = ([String: Double](), [String: [Double]](), 0.0)
    for (name, field) in fields where !places.contains(name) {
      switch field {
      case .number(let value): numbers[name] = value
      case .list(let values): lists[name] = values
      case .text(let text) where name == "time":
        time = (try? Date(text, strategy: .iso8601))?.timeIntervalSince1970 ?? 0
      case .text, .none: break
      }
    }
    (self.numbers, self.lists, self.time) = (numbers, lists, time)
  }
}

/// A value of a line, whatever its type.
private enum Field: Decodable {
  case number(Double)
  case list([Double])
  case text(String)
  case none

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let values = try? container.decode([Double].self) {
      self = .list(values)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .none
    }
  }
}
