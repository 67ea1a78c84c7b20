import Foundation
internal import Model
internal import Tensors

/// Remembers on this machine which kernels were found right, and which fast.
///
/// One file a finding, named by a hash of everything that it depends on, which the file repeats:
/// program, libraries, CPU, instruction set, shapes and methods. Only sets of checks without a failure are
/// kept. Whatever keeps the cache from being read or written, the work is done again instead.
public struct KernelCache: Sendable {
  private let directory: String

  /// Keeps its files in a directory, which is created when needed.
  public init(directory: String) { self.directory = directory }

  /// `kindreel/kernels` in `$XDG_CACHE_HOME`, or in `~/.cache`.
  public static var standard: KernelCache {
    let environment = ProcessInfo.processInfo.environment
    let named = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    let base = named ?? NSHomeDirectory() + "/.cache"
    return KernelCache(directory: base + "/kindreel/kernels")
  }

  /// The rows of a check, from the cache or made now.
  func rows(
    _ check: KernelCheck, _ choices: KernelChoices, afterShape: () throws -> Void = {}
  ) throws -> [KernelCheck.Row] {
    try finding(check.summary(choices)) { rows in
      !rows.isEmpty && rows.allSatisfy(\.passed)
    } make: {
      try check.rows(choices, afterShape: afterShape)
    }
  }

  /// The fastest methods, from the cache or timed now.
  func choices(_ timing: KernelTiming, _ timer: KernelTiming.Timer) throws -> KernelChoices {
    try finding(timing.summary) { choices in
      choices.method == .timed && choices.covers(units: timing.unitCount)
    } make: {
      try timing.choices(timer)
    }
  }

  private struct Entry<Finding: Codable>: Codable {
    let about: String
    let finding: Finding
  }

  private func finding<Finding: Codable>(
    _ subject: String, where isGood: (Finding) -> Bool, make: () throws -> Finding
  ) throws -> Finding {
    let about = Self.machine + "\n" + subject
    let path = directory + "/" + String(ContentHash.of(about).prefix(32)) + ".json"
    if let data = FileManager.default.contents(atPath: path),
      let entry = try? JSONDecoder().decode(Entry<Finding>.self, from: data),
      entry.about == about, isGood(entry.finding)
    {
      return entry.finding
    }
    let finding = try make()
    if isGood(finding) { store(Entry(about: about, finding: finding), at: path) }
    return finding
  }

  private func store(_ entry: some Encodable, at path: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    if let data = try? encoder.encode(entry) { try? AtomicFile.write(data, to: path) }
  }

  /// The program as it was built, the libraries, and the CPU.
  private static let machine: String = {
    let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    let status = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
    let built = (status[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    let size = (status[.size] as? NSNumber)?.intValue ?? 0
    return [
      "kindreel \(Program.version), \(size) bytes of \(built)",
      "oneDNN \(Machine.oneDNNVersion)", "OpenBLAS \(BLAS.configuration)", Machine.processor,
      Machine.instructionSet,
    ].joined(separator: "\n")
  }()
}
