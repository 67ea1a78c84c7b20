import Foundation
internal import Model
internal import Tensors

/// Remembers on this machine which kernels were found right.
///
/// One file a set of checks, named by a hash of everything that the outcome depends on, which the file
/// repeats: program, oneDNN, CPU, instruction set, shapes and methods. Only sets without a failure are
/// kept. Whatever keeps the cache from being read or written, the checks are made instead.
public struct KernelCheckCache: Sendable {
  private let directory: String

  /// Keeps its files in a directory, which is created when needed.
  public init(directory: String) { self.directory = directory }

  /// `kindreel/kernels` in `$XDG_CACHE_HOME`, or in `~/.cache`.
  public static var standard: KernelCheckCache {
    let environment = ProcessInfo.processInfo.environment
    let named = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    let base = named ?? NSHomeDirectory() + "/.cache"
    return KernelCheckCache(directory: base + "/kindreel/kernels")
  }

  private struct Entry: Codable {
    let checked: String
    let rows: [KernelCheck.Row]
  }

  /// The rows of a check, from the cache or made now.
  func rows(_ check: KernelCheck, _ choices: KernelChoices) throws -> [KernelCheck.Row] {
    let key = Self.machine + "\n" + check.summary(choices)
    let path = directory + "/" + String(ContentHash.of(key).prefix(32)) + ".json"
    if let data = FileManager.default.contents(atPath: path),
      let entry = try? JSONDecoder().decode(Entry.self, from: data), entry.checked == key,
      !entry.rows.isEmpty, entry.rows.allSatisfy(\.passed)
    {
      return entry.rows
    }
    let rows = try check.rows(choices)
    if rows.allSatisfy(\.passed) { store(Entry(checked: key, rows: rows), at: path) }
    return rows
  }

  private func store(_ entry: Entry, at path: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    if let data = try? encoder.encode(entry) { try? AtomicFile.write(data, to: path) }
  }

  /// The program as it was built, the library, and the CPU.
  private static let machine: String = {
    let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    let status = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
    let built = (status[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    let size = (status[.size] as? NSNumber)?.intValue ?? 0
    return [
      "kindreel \(Program.version), \(size) bytes of \(built)",
      "oneDNN \(Machine.oneDNNVersion)", Machine.processor, Machine.instructionSet,
    ].joined(separator: "\n")
  }()
}
