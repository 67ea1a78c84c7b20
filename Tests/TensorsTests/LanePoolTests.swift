import Foundation
import Synchronization
import Testing

@testable import Tensors

@Suite(.timeLimit(.minutes(10))) struct LanePoolTests {
  private struct Failure: Error, Equatable { let lane: Int }

  private static func squares(lanes: Int, blocks: Int) throws -> [Int] {
    let results = Mutex([Int](repeating: 0, count: blocks))
    try LanePool(count: lanes).forEach(blocks) { block in
      results.withLock { $0[block] += block * block }
    }
    return results.withLock { $0 }
  }

  @Test(arguments: 1...5) func `Every block runs once on any number of lanes`(lanes: Int) throws {
    for blocks in [0, 1, 2, 3, 100] {
      #expect(
        try Self.squares(lanes: lanes, blocks: blocks) == (0..<blocks).map { $0 * $0 })
    }
  }

  @Test func `Every lane runs once, the first on the caller's thread`() throws {
    let pool = LanePool(count: 4)
    let lanes = Mutex<[Int]>([])
    let caller = ObjectIdentifier(Thread.current)
    try pool.run { lane in
      #expect((lane == 0) == (ObjectIdentifier(Thread.current) == caller))
      lanes.withLock { $0.append(lane) }
    }
    #expect(lanes.withLock { $0.sorted() } == [0, 1, 2, 3])
  }

  @Test func `The lowest lane's error is the one thrown`() throws {
    let pool = LanePool(count: 4)
    for _ in 0..<50 {
      #expect(throws: Failure(lane: 1)) {
        try pool.run { lane in if lane > 0 { throw Failure(lane: lane) } }
      }
      #expect(throws: Failure(lane: 0)) { try pool.run { throw Failure(lane: $0) } }
    }
  }

  @Test func `A pool works again after each use and each failure`() throws {
    let pool = LanePool(count: 3)
    let count = Mutex(0)
    for round in 0..<200 {
      if round % 5 == 0 {
        #expect(throws: Failure.self) { try pool.forEach(9) { _ in throw Failure(lane: 0) } }
      }
      try pool.forEach(10) { _ in count.withLock { $0 += 1 } }
    }
    #expect(count.withLock { $0 } == 2000)
  }
}

@Suite struct WorkThreadTests {
  @Test(.timeLimit(.minutes(10)))
  func `A thread that the system refuses ends the process`() async {
    await #expect(processExitsWith: .exitCode(1)) {
      // Of 2 GiB of addresses beside those in use, no 1,000 stacks of 16 MiB can be had.
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).prefix {
        $0 != " "
      }
      var limit = rlimit()
      limit.rlim_cur = rlim_t((Int(pages) ?? 0) * 4096 + 2 << 30)
      limit.rlim_max = limit.rlim_cur
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      _ = LanePool(count: 1000)
    }
  }
}
