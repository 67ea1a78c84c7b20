internal import CKernels
import Foundation

/// What the compute library says of itself and of this CPU.
public enum Machine {
  /// The version of oneDNN that is loaded.
  public static var oneDNNVersion: String {
    var message = ck_message()
    unsafe ck_onednn_version(&message)
    return message.string
  }

  /// The instruction set that oneDNN dispatches to; results are equal bits only where it is equal.
  public static var instructionSet: String {
    var message = ck_message()
    unsafe ck_instruction_set(&message)
    return message.string
  }

  /// The name that the CPU gives itself.
  public static var processor: String {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    return name ?? "unknown CPU"
  }

  /// Makes compute libraries run on the calling thread alone; every lane calls it once.
  public static func useOneThread() { ck_use_one_thread() }

  /// The multiply-adds per second of one core, measured on registers alone; nil where unknown.
  public static func peakProducts(_ precision: Precision) -> Double? {
    let rate = ck_products_per_second(precision.type)
    return rate > 0 ? rate : nil
  }
}
