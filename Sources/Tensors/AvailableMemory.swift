import Foundation

/// What memory a process can still get: the machine's, or less where a control group bounds it, as of a
/// Slurm job or a container.
public enum AvailableMemory {
  /// The bytes, as far as the system says so.
  public static var bytes: Int { bytes(under: "/") }

  /// - Parameter root: the folder that `proc` and `sys` lie in.
  static func bytes(under root: String) -> Int {
    let limits = [machine(root)] + controlGroups(root)
    return limits.compactMap(\.self).min() ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
  }

  private static func machine(_ root: String) -> Int? {
    let lines = text(root + "proc/meminfo")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// What each group has left that this process is in, and each that holds one of these.
  private static func controlGroups(_ root: String) -> [Int?] {
    let lines = text(root + "proc/self/cgroup")?.split(separator: "\n") ?? []
    return lines.flatMap { line -> [Int?] in
      // "0::/path" of the unified hierarchy, "4:memory:/path" of the older one.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      let isUnified = fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains("memory") else { return [] }
      let hierarchy = root + "sys/fs/cgroup/" + (isUnified ? "" : "memory/")
      var names = fields[2].split(separator: "/")[...]
      var left: [Int?] = []
      while true {
        let folder = hierarchy + names.map { $0 + "/" }.joined()
        left.append(
          isUnified
            ? rest(folder + "memory.max", folder + "memory.current", folder)
            : rest(folder + "memory.limit_in_bytes", folder + "memory.usage_in_bytes", folder))
        guard names.popLast() != nil else { return left }
      }
    }
  }

  /// A group's limit less what it uses; what can be had back does not count, above all pages of files.
  private static func rest(_ limit: String, _ usage: String, _ folder: String) -> Int? {
    guard let limit = number(limit), let usage = number(usage) else { return nil }
    var reclaimable: [Substring: Int] = [:]
    for line in text(folder + "memory.stat")?.split(separator: "\n") ?? [] {
      let words = line.split(separator: " ")
      if words.count == 2 { reclaimable[words[0]] = Int(words[1]) }
    }
    // The older hierarchy has the totals of a group and those in it beside its own.
    let idle = ["active_file", "inactive_file", "slab_reclaimable"].reduce(0) {
      $0 + (reclaimable["total_\($1)"] ?? reclaimable[$1[...]] ?? 0)
    }
    return max(0, limit - max(0, usage - idle))
  }

  /// The number that a file holds; nil for "max", which is none.
  private static func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private static func text(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }
}
