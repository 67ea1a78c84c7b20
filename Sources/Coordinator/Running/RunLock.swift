// `unsafe` is sound here because the system calls get whole strings and read nothing else.
import Foundation
import Tensors

/// The mark of the one job that may write to a run directory; it goes with its owner.
///
/// A hard link makes it, since that is atomic on shared file systems as well, where advisory locks
/// often are not.
final class RunLock: Sendable {
  private static let fileName = ".lock"
  private let path: String
  private let owner = Owner.current

  /// Takes the lock.
  ///
  /// - Throws: `RunDirectoryError` where another job has it.
  init(directory: String) throws {
    path = try Self.take(in: directory, for: owner)
  }

  /// Another job that took this one for gone may have a mark in its place, which stays.
  deinit { if Self.owner(at: path) == owner { unsafe unlink(path) } }

  /// Makes the mark, and returns its path. (An initialiser that threw with a path would run `deinit`, and
  /// take away the mark of this process's own other run.)
  private static func take(in directory: String, for current: Owner) throws -> String {
    let path = directory + "/" + Self.fileName
    let mine = directory + "/.lock-" + UUID().uuidString
    defer { unsafe unlink(mine) }
    try AtomicFile.write(try JSONEncoder().encode(current), to: mine)
    // Twice: the second time, after a lock that was seen has gone.
    for _ in 0..<2 {
      if unsafe link(mine, path) == 0 { return path }
      guard errno == EEXIST else {
        let reason = unsafe String(cString: strerror(errno))
        throw RunDirectoryError(
          path: path, reason: "cannot be created: \(reason)", code: .cannotWrite)
      }
      guard let owner = Self.owner(at: path) else { continue }
      guard owner.isGone(accordingTo: current) else { throw Self.taken(directory, by: owner) }
      // A dead job's is replaced by whoever holds this mark as well, if it is still that one's.
      let turn = path + "-turn"
      guard unsafe link(mine, turn) == 0 else { throw Self.taken(directory, by: nil) }
      defer { unsafe unlink(turn) }
      if Self.owner(at: path) == owner, unsafe rename(mine, path) == 0 { return path }
    }
    throw Self.taken(directory, by: nil)
  }

  /// Who holds a lock; nil where there is none, or an illegible one.
  private static func owner(at path: String) -> Owner? {
    FileManager.default.contents(atPath: path).flatMap {
      try? JSONDecoder().decode(Owner.self, from: $0)
    }
  }

  private static func taken(_ directory: String, by owner: Owner?) -> RunDirectoryError {
    let who = owner.map(\.description) ?? "another job"
    return RunDirectoryError(
      path: directory,
      reason: "is in use by \(who); use another folder, or, if that job is gone, delete "
        + "\(directory)/\(fileName) (and \(fileName)-turn, if there is one)", code: .cannotWrite)
  }
}

extension RunLock {
  /// Who holds a lock.
  struct Owner: Codable, Equatable, CustomStringConvertible {
    let host: String
    let pid: Int32
    /// When the process began, in the kernel's words; pids are used again, this is not.
    let start: String?
    /// The scheduler's name for the job.
    let job: String?
    /// How often Slurm started the job before; nil or 0 the first time.
    let restarts: Int?

    static var current: Owner {
      let environment = ProcessInfo.processInfo.environment
      let job = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"].compactMap { environment[$0] }
      let pid = ProcessInfo.processInfo.processIdentifier
      return Owner(
        host: ProcessInfo.processInfo.hostName, pid: pid, start: startOfProcess(pid),
        job: job.first, restarts: environment["SLURM_RESTART_COUNT"].flatMap { Int($0) })
    }

    /// Whether the owner no longer runs: an earlier start of another one's job, which Slurm ended everywhere
    /// before it started the job again, or a process of this machine that is not there.
    func isGone(accordingTo other: Owner) -> Bool {
      if job != nil, job == other.job, restarts ?? 0 < other.restarts ?? 0 { return true }
      guard host == other.host else { return false }
      if kill(pid, 0) != 0 && errno == ESRCH { return true }
      return start != nil && start != Self.startOfProcess(pid)
    }

    var description: String {
      "process \(pid) on \(host)" + (job.map { " (job \($0))" } ?? "")
    }

    /// The boot's id and the process's start in clock ticks since; nil where /proc is missing.
    private static func startOfProcess(_ pid: Int32) -> String? {
      guard let boot = text("/proc/sys/kernel/random/boot_id"),
        let line = text("/proc/\(pid)/stat"),
        let end = line.lastIndex(of: ")")
      else { return nil }
      // The name before ")" may hold spaces; the start is the 22nd field, the 20th after it.
      let fields = line[end...].split(separator: " ")
      // A process that has ended, and whose parent has not looked, holds nothing any more.
      guard fields.count > 20, fields[1] != "Z", fields[1] != "X" else { return nil }
      return boot.trimmingCharacters(in: .whitespacesAndNewlines) + ":" + fields[20]
    }

    private static func text(_ path: String) -> String? {
      try? String(contentsOfFile: path, encoding: .utf8)
    }
  }
}
