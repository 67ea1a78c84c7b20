/// What the model refuses, in words that name the value.
public struct ModelError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The reason, for people.
  public let reason: String
  /// The reason, for people.
  public var description: String { reason }

  /// Creates an error.
  public init(_ reason: String) { self.reason = reason }
}
