/// A checkpoint that cannot be written, or a store without one that can be used.
public struct CheckpointError: Error, Sendable, Equatable, CustomStringConvertible, ExitCoded {
  /// The checkpoint's or the store's directory.
  public let path: String
  /// What is wrong.
  public let reason: String
  /// 73 where writing failed, 65 where no checkpoint is whole.
  public let exitCode: ExitCode

  /// Creates an error.
  public init(_ path: String, _ reason: String, exitCode: ExitCode) {
    self.path = path
    self.reason = reason
    self.exitCode = exitCode
  }

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}
