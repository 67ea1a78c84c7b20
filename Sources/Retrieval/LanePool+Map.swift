internal import Synchronization
internal import Tensors

extension LanePool {
  /// Computes a value for every index in 0 ..< `count`, each on whichever lane is free.
  ///
  /// - Returns: the values by index, so they cannot depend on the number of lanes.
  func map<Value: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
    let collected = Collected<Value>(count: count)
    do {
      try forEach(count) { index in collected.set(body(index), at: index) }
    } catch {
      preconditionFailure("a body that cannot throw threw \(error)")
    }
    return collected.values
  }
}

/// Values by index, in whatever order they arrive.
private final class Collected<Value: Sendable>: Sendable {
  private let all: Mutex<[Value?]>

  init(count: Int) { all = Mutex(Array(repeating: nil, count: count)) }

  func set(_ value: Value, at index: Int) { all.withLock { $0[index] = value } }

  var values: [Value] { all.withLock { $0.compactMap { $0 } } }
}
