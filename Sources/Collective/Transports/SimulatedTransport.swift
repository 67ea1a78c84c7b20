// `unsafe` is sound here because bytes are copied from and to the caller's buffers only during the
// caller's own call, within their stated counts.
import Foundation

/// The ranks of a simulated world: threads of one process that leave each other messages.
///
/// `@unchecked Sendable`: the boxes are read and written under `condition` alone.
final class SimulatedWorld: @unchecked Sendable {
  let size: Int
  private let condition = NSCondition()
  private var boxes: [[[UInt8]]]

  init(size: Int) {
    self.size = size
    boxes = Array(repeating: [], count: size * size)
  }

  /// Leaves a message; the sender goes on at once.
  func put(_ message: [UInt8], from sender: Int, to receiver: Int) {
    condition.withLock {
      boxes[sender * size + receiver].append(message)
      condition.broadcast()
    }
  }

  /// The oldest message on this way, or nil at `limit`.
  func take(
    from sender: Int, to receiver: Int, until limit: ContinuousClock.Instant
  ) -> [UInt8]? {
    condition.withLock {
      let box = sender * size + receiver
      while boxes[box].isEmpty {
        guard wait(until: limit) else { return nil }
      }
      return boxes[box].removeFirst()
    }
  }

  /// The first of `senders` whose message waits for `receiver`, or nil at `limit`.
  func arrival(
    from senders: [Int], to receiver: Int, until limit: ContinuousClock.Instant
  ) -> Int? {
    condition.withLock {
      while true {
        if let found = senders.first(where: { !boxes[$0 * size + receiver].isEmpty }) {
          return found
        }
        guard wait(until: limit) else { return nil }
      }
    }
  }

  /// Waits for any change, the lock being held; false when `limit` has passed.
  private func wait(until limit: ContinuousClock.Instant) -> Bool {
    let left = ContinuousClock.now.duration(to: limit)
    guard left > .zero else { return false }
    _ = condition.wait(until: Date(timeIntervalSinceNow: left / .seconds(1)))
    return true
  }
}

/// One rank's end of a simulated world.
struct SimulatedTransport: Transport {
  let world: SimulatedWorld
  let rank: Int
  var size: Int { world.size }

  func arrival(
    from ranks: [Int], until limit: ContinuousClock.Instant
  ) throws(CollectiveError) -> Int? {
    world.arrival(from: ranks, to: rank, until: limit)
  }

  func exchange(
    _ outgoing: UnsafeRawBufferPointer, to receiver: Int?,
    _ incoming: UnsafeMutableRawBufferPointer, from sender: Int?,
    until limit: ContinuousClock.Instant
  ) throws(CollectiveError) -> [Int] {
    if let receiver {
      world.put(unsafe Array(outgoing), from: rank, to: receiver)
    }
    guard let sender else { return [] }
    guard let message = world.take(from: sender, to: rank, until: limit) else { return [sender] }
    guard message.count == incoming.count else {
      throw CollectiveError(
        .transport(
          call: "receive from rank \(sender)",
          text: "\(message.count) bytes came where \(incoming.count) were expected"))
    }
    unsafe incoming.copyBytes(from: message)
    return []
  }
}
