import Foundation

/// Values that lanes hand in by index, in whatever order they finish.
///
/// `@unchecked Sendable`: the array is touched under the lock alone.
public final class Results<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [Value]

  /// Starts with `count` times the same value.
  public init(_ empty: Value, count: Int) { all = Array(repeating: empty, count: count) }

  /// The value of one index.
  public subscript(_ index: Int) -> Value {
    get { lock.withLock { all[index] } }
    set { lock.withLock { all[index] = newValue } }
  }

  /// All values, by index.
  public var values: [Value] { lock.withLock { all } }
}
