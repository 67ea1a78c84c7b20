/// A file that cannot be read or written, and why.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file's path, as the caller gave it.
  public let path: String
  /// What is wrong, with the offending values; a part of a sentence.
  public let reason: String

  /// Creates an error about the file at `path`.
  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}
