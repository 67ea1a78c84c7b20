/// A file that cannot be read or written, and why.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Fault: Sendable {
    /// What the file holds is not what was asked for.
    case content
    /// There is no such file.
    case missing
    /// This user may not.
    case permission
    /// There is no memory for what it holds.
    case memory
    /// It cannot be created, written or put in its place.
    case output
    /// Reading failed.
    case operation
  }

  /// The file's path, as the caller gave it.
  public let path: String
  /// What is wrong, with the offending values; a part of a sentence.
  public let reason: String
  /// Whose fault it is.
  public let fault: Fault

  /// Creates an error about the file at `path`.
  public init(_ path: String, _ reason: String, fault: Fault = .content) {
    self.path = path
    self.reason = reason
    self.fault = fault
  }

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}
