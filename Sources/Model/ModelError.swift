/// What went wrong with a model that was asked for, or with weights that were read.
public struct ModelError: Error, CustomStringConvertible, Sendable {
  /// A sentence with the offending values.
  public let reason: String

  /// Creates an error from a sentence.
  public init(_ reason: String) { self.reason = reason }

  /// The sentence.
  public var description: String { reason }
}
