/// A file, folder or list that cannot be used, named, with the reason in words.
public struct VideoError: Error, CustomStringConvertible, Sendable, Equatable {
  /// Whose fault it is.
  public enum Fault: Sendable {
    /// What is there is not what was asked for.
    case content
    /// There is no such file or folder.
    case missing
    /// This user may not.
    case permission
    /// A setting does not suit it.
    case setting
    /// The machine's: no memory is left, or too many files are open.
    case machine
  }

  /// The file or folder at fault.
  public let path: String
  /// Why it cannot be used, with the codec library's own message where there is one.
  public let reason: String
  /// Whose fault it is.
  public let fault: Fault

  /// Creates an error about `path`.
  public init(path: String, reason: String, fault: Fault = .content) {
    self.path = path
    self.reason = reason
    self.fault = fault
  }

  /// The path on one line, and the reason, as in "…/x.mp4: moov atom not found".
  public var description: String { "\(FileName.escaped(path)): \(reason)" }
}
