/// A checkpoint that cannot be written, or a store without one that can be used.
public struct CheckpointError: Error, Sendable, Equatable, CustomStringConvertible, RunError {
  /// The checkpoint's or the store's directory.
  public let path: String
  /// What is wrong.
  public let reason: String
  /// 73 where writing failed, 65 where no checkpoint is whole, 77 or 74 where they cannot be listed.
  public let code: ExitCode

  /// Creates an error.
  public init(_ path: String, _ reason: String, code: ExitCode) {
    self.path = path
    self.reason = reason
    self.code = code
  }

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}
