import Foundation

/// Values that lanes hand in by index, in whatever order they finish.
///
/// `@unchecked Sendable`: the array is touched under the lock alone.
final class Results<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [Value]

  init(_ empty: Value, count: Int) { all = Array(repeating: empty, count: count) }

  subscript(_ index: Int) -> Value {
    get { lock.withLock { all[index] } }
    set { lock.withLock { all[index] = newValue } }
  }

  var values: [Value] { lock.withLock { all } }
}
