/// A setting that cannot be used: where it stands, its dotted key, and what is wrong with it.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where the setting was made: a file and a line, an option, or nothing.
  public let origin: String?
  /// The dotted key, as in `encoder.depth`; nil where the error is about a whole file.
  public let key: String?
  /// What is wrong, with the offending value.
  public let reason: String

  /// Creates an error about a key that was set at `origin`.
  public init(origin: String? = nil, key: String? = nil, _ reason: String) {
    self.origin = origin
    self.key = key
    self.reason = reason
  }

  /// The origin, the key and the reason, as far as they are known.
  public var description: String {
    [origin, key, reason].compactMap { $0 }.joined(separator: ": ")
  }
}
