// The fence around MPI's messages. `unsafe` is sound here because a request borrows its buffer only
// inside `exchange`; one that cannot be ended there is counted in `unfinished`, after which nobody
// calls MPI again except to abort, and without calls MPI (which has no progress thread) moves nothing.
internal import CMPI
import Foundation
import Synchronization

/// Ranks that are processes under `mpirun`: messages of MPI (3.1, chapter 3) that are waited for
/// with a deadline, and without burning a core.
final class MPITransport: Transport {
  private static let tag: Int32 = 1
  let rank: Int
  let size: Int
  private let communicator: CommunicatorHandle
  private let unfinished = Mutex(0)

  init(_ session: borrowing MPISession) {
    (rank, size, communicator) = (session.rank, session.size, session.communicator)
  }

  /// Whether a message was given up halfway: then MPI may still own a buffer, and must rest.
  var isTorn: Bool { unfinished.withLock { $0 } > 0 }

  func arrival(
    from ranks: [Int], until limit: ContinuousClock.Instant
  ) throws(CollectiveError) -> Int? {
    var patience = Patience(bytes: 0)
    while true {
      for rank in ranks {
        var isHere: Int32 = 0
        try check(
          unsafe MPI_Iprobe(
            Int32(rank), Self.tag, communicator.raw, &isHere, cmpi_status_ignore()), "MPI_Iprobe")
        if isHere != 0 { return rank }
      }
      guard patience.pause(until: limit) else { return nil }
    }
  }

  func exchange(
    _ outgoing: UnsafeRawBufferPointer, to receiver: Int?,
    _ incoming: UnsafeMutableRawBufferPointer, from sender: Int?,
    until limit: ContinuousClock.Instant
  ) throws(CollectiveError) -> [Int] {
    var (receiving, sending) = unsafe (cmpi_request_null(), cmpi_request_null())
    if let sender {
      try check(
        unsafe MPI_Irecv(
          incoming.baseAddress, Int32(incoming.count), cmpi_byte(), Int32(sender), Self.tag,
          communicator.raw, &receiving), "MPI_Irecv")
    }
    // From here on requests borrow buffers, so no way out may leave one behind unnoticed.
    unfinished.withLock { $0 += 1 }
    if let receiver {
      try check(
        unsafe MPI_Isend(
          outgoing.baseAddress, Int32(outgoing.count), cmpi_byte(), Int32(receiver), Self.tag,
          communicator.raw, &sending), "MPI_Isend")
    }
    var patience = Patience(bytes: outgoing.count + incoming.count)
    while true {
      let hasReceived = try unsafe Self.test(&receiving)
      let hasSent = try unsafe Self.test(&sending)
      if hasReceived && hasSent { break }
      guard patience.pause(until: limit) else {
        let late = [hasReceived ? nil : sender, hasSent ? nil : receiver].compactMap { $0 }
        return Array(Set(late)).sorted()
      }
    }
    unfinished.withLock { $0 -= 1 }
    return []
  }

  /// Whether a request is done; gives MPI the time to move it on.
  private static func test(_ request: inout MPI_Request?) throws(CollectiveError) -> Bool {
    var isDone: Int32 = 0
    try check(unsafe MPI_Test(&request, &isDone, cmpi_status_ignore()), "MPI_Test")
    return isDone != 0
  }
}

/// How a rank waits: it asks again at once for as long as the bytes may take, giving way to other
/// threads, and then ever more rarely.
struct Patience {
  private let start = ContinuousClock.now
  private let eager: Duration

  /// Asking lasts longer than a short sleep, or two ranks could keep sending each other to sleep:
  /// then each small collective takes 0.4 ms instead of 0.05.
  ///
  /// - Parameter bytes: What is under way; counted at 1 GB/s.
  init(bytes: Int) { eager = .microseconds(250) + .nanoseconds(bytes) }

  /// Lets a little time pass; false when `limit` is reached.
  mutating func pause(until limit: ContinuousClock.Instant) -> Bool {
    let now = ContinuousClock.now
    if now >= limit { return false }
    let waited = start.duration(to: now)
    if waited < eager {
      sched_yield()
    } else if waited < eager + .milliseconds(20) {
      usleep(50)
    } else {
      usleep(waited < .seconds(1) ? 200 : 1000)
    }
    return true
  }
}
