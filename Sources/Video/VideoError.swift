/// A file, folder or list that cannot be used, named, with the reason in words.
public struct VideoError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The file or folder at fault.
  public let path: String
  /// Why it cannot be used, with the codec library's own message where there is one.
  public let reason: String

  /// Creates an error about `path`.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// The path on one line, and the reason, as in "…/x.mp4: moov atom not found".
  public var description: String { "\(FileName.escaped(path)): \(reason)" }
}
