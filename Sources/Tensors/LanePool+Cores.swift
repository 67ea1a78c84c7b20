import Foundation

extension LanePool {
  /// The cores that this process may use: those of its affinity mask, which `mpirun --bind-to core` and
  /// `taskset` narrow, and which Foundation's `activeProcessorCount` does not look at.
  public static var cores: Int {
    let active = ProcessInfo.processInfo.activeProcessorCount
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let mask = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
    let allowed = mask?.split(separator: ":").last?.reduce(0) { count, digit in
      count + (digit.hexDigitValue ?? 0).nonzeroBitCount
    }
    return min(allowed ?? active, active)
  }
}
