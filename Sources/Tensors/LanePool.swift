import Foundation

/// The compute threads of one rank: lane 0 is the caller, the others wait for work in between.
///
/// Lanes are threads, never tasks: they block on files and at rendezvous. Work is handed out by
/// index, so results must be kept by index and never by arrival; then they cannot depend on the
/// number of lanes.
public final class LanePool: Sendable {
  /// The number of lanes, the caller's included.
  public let count: Int
  private let shared = Shared()

  /// Starts `count - 1` threads.
  public init(count: Int) {
    precondition(count >= 1, "a pool of \(count) lanes cannot work")
    self.count = count
    for lane in 1..<max(count, 1) where count > 1 {
      let shared = shared
      WorkThread.start("lane \(lane)") { shared.serve(lane: lane) }
    }
  }

  deinit { shared.stop() }

  /// Runs `body` once on every lane, and returns when all are done.
  ///
  /// - Throws: the error of the lowest lane that threw.
  public func run(_ body: @Sendable (_ lane: Int) throws -> Void) throws {
    if count == 1 { return try body(0) }
    try withoutActuallyEscaping(body) { body in
      shared.begin(body, helpers: count - 1)
      let mine = Result { try body(0) }
      let others = shared.finish()
      try mine.get()
      if let first = others.min(by: { $0.lane < $1.lane }) { throw first.error }
    }
  }

  /// Runs `body` for every index in 0 ..< `blocks`, each on whichever lane is free.
  public func forEach(_ blocks: Int, _ body: @Sendable (_ block: Int) throws -> Void) throws {
    if count == 1 || blocks <= 1 {
      for block in 0..<blocks { try body(block) }
      return
    }
    let ticket = Ticket()
    try run { _ in
      while let block = ticket.take(below: blocks) { try body(block) }
    }
  }
}

extension LanePool {
  /// Hands out 0, 1, 2 … to whoever asks.
  ///
  /// `@unchecked Sendable`: `next` is read and written under the lock alone.
  public final class Ticket: @unchecked Sendable {
    private let lock = NSLock()
    private var next = 0

    /// Starts at 0.
    public init() {}

    /// The next number, or nil when `limit` is reached.
    public func take(below limit: Int) -> Int? {
      lock.withLock {
        guard next < limit else { return nil }
        defer { next += 1 }
        return next
      }
    }
  }

  /// What the threads of a pool share.
  ///
  /// `@unchecked Sendable`: every property is read and written under `condition` alone.
  private final class Shared: @unchecked Sendable {
    private let condition = NSCondition()
    private var generation = 0
    private var running = 0
    private var stopped = false
    private var work: (@Sendable (Int) throws -> Void)?
    private var failures: [(lane: Int, error: any Error)] = []

    func begin(_ body: @escaping @Sendable (Int) throws -> Void, helpers: Int) {
      condition.withLock {
        work = body
        running = helpers
        failures = []
        generation += 1
        condition.broadcast()
      }
    }

    func finish() -> [(lane: Int, error: any Error)] {
      condition.withLock {
        while running > 0 { condition.wait() }
        work = nil
        return failures
      }
    }

    func stop() {
      condition.withLock {
        stopped = true
        condition.broadcast()
      }
    }

    func serve(lane: Int) {
      var seen = 0
      while let result = turn(of: lane, after: &seen) {
        condition.withLock {
          if case .failure(let error) = result { failures.append((lane, error)) }
          running -= 1
          if running == 0 { condition.broadcast() }
        }
      }
    }

    /// Waits for work and does it.
    ///
    /// A function of its own, and never inlined, because the caller of `run` may go on as soon as
    /// `running` is 0, and the work must be let go before: it does not outlive that call.
    @inline(never)
    private func turn(of lane: Int, after seen: inout Int) -> Result<Void, any Error>? {
      guard let body = next(after: &seen) else { return nil }
      return Result { try body(lane) }
    }

    private func next(after seen: inout Int) -> (@Sendable (Int) throws -> Void)? {
      condition.withLock {
        while generation == seen && !stopped { condition.wait() }
        seen = generation
        return stopped ? nil : work
      }
    }
  }
}
