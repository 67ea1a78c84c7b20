import Foundation
import Synchronization

/// The hand-off to one rank's communication thread, the only thread that calls its transport.
///
/// One thread because MPI is happiest so: blocking calls in one fixed order, off the compute path,
/// with one place that can notice disagreement. A rank hands over one job at a time and waits for
/// it, possibly after doing other work meanwhile.
///
/// `@unchecked Sendable`: every property is read and written under `condition` alone.
final class Desk: @unchecked Sendable {
  typealias Job = @Sendable (inout Station) -> Void

  private let condition = NSCondition()
  private var job: Job?
  private var isBusy = false
  private var isClosed = false
  private var isGone = false

  /// Starts the thread that owns `station`.
  init(_ station: Station) {
    let thread = Thread { [self] in serve(station) }
    thread.stackSize = 16 << 20
    thread.name = "communication \(station.rank)"
    thread.start()
  }

  /// Hands over a job; nobody else may have one under way.
  ///
  /// A closed desk does nothing.
  func start(_ job: @escaping Job) {
    condition.withLock {
      if isClosed { return }
      precondition(!isBusy, "a communicator belongs to one thread, and makes one call at a time")
      self.job = job
      isBusy = true
      condition.broadcast()
    }
  }

  /// Waits until the job is done.
  func wait() { condition.withLock { while isBusy { condition.wait() } } }

  /// Runs a job to its end.
  func perform<R: Sendable>(
    _ work: @escaping @Sendable (inout Station) throws(CollectiveError) -> R
  ) throws(CollectiveError) -> R {
    let outcome = Outcome<R>()
    start { outcome.set(from: &$0, work) }
    wait()
    return try outcome.get()
  }

  /// Ends the thread, after its last job.
  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
      while !isGone { condition.wait() }
    }
  }

  private func serve(_ initial: Station) {
    var station = initial
    while let job = next() {
      job(&station)
      condition.withLock {
        isBusy = false
        condition.broadcast()
      }
    }
    condition.withLock {
      isGone = true
      condition.broadcast()
    }
  }

  private func next() -> Job? {
    condition.withLock {
      while job == nil && !isClosed { condition.wait() }
      defer { job = nil }
      return job
    }
  }
}

/// The place where a job leaves its result.
final class Outcome<R: Sendable>: Sendable {
  private let result = Mutex<Result<R, CollectiveError>>(
    .failure(CollectiveError(.invalid("the world of these ranks has ended"))))

  /// Stores what `work` returns or throws.
  func set(
    from station: inout Station, _ work: (inout Station) throws(CollectiveError) -> R
  ) {
    let value: Result<R, CollectiveError>
    do { value = .success(try work(&station)) } catch { value = .failure(error) }
    result.withLock { $0 = value }
  }

  func get() throws(CollectiveError) -> R { try result.withLock { $0 }.get() }
}
