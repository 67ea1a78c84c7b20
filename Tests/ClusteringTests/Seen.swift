import Synchronization

/// Collects the numbers that a progress closure is told.
final class Seen: Sendable {
  private let list = Mutex<[Int]>([])

  var counts: [Int] { list.withLock { $0 } }

  func note(_ count: Int) { list.withLock { $0.append(count) } }
}
