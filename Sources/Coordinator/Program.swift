internal import Tensors

/// What this program calls itself.
public enum Program {
  /// The version, as in the change log.
  public static let version = "0.1.0"

  /// What tells two builds of one version apart: the hash of the running file.
  static let build =
    (try? ContentHash.ofFile("/proc/self/exe")).map { String($0.hexadecimal.prefix(12)) }
    ?? "unknown"
}
