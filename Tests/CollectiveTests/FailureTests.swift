import Foundation
import Synchronization
import Testing

@testable import Collective

/// What ranks are told when something goes wrong; nobody may hang.
@Suite(.serialized) struct FailureTests {
  private struct Trouble: ExitCoded, CustomStringConvertible {
    var exitCode: Int32 = 65
    var description = "no such video"
  }

  /// The errors of all ranks, in rank order; nil for a rank that had none.
  private func errors(
    ranks: Int, deadline: Duration = .seconds(30),
    _ body: @escaping @Sendable (Communicator) throws -> Void
  ) throws -> [(any Error)?] {
    let caught = Mutex<[Int: any Error]>([:])
    _ = try? Launch.simulated(ranks: ranks, deadline: deadline) { world in
      do {
        try body(world)
      } catch {
        caught.withLock { $0[world.rank] = error }
        throw error
      }
    }
    return caught.withLock { caught in (0..<ranks).map { caught[$0] } }
  }

  private func kinds(_ errors: [(any Error)?]) -> [CollectiveError.Kind?] {
    errors.map { ($0 as? CollectiveError)?.kind }
  }

  private func expectMismatch(
    _ errors: [(any Error)?], _ words: [String], _ location: SourceLocation = #_sourceLocation
  ) {
    for error in errors {
      guard let error = error as? CollectiveError, case .mismatch(let calls) = error.kind else {
        Issue.record("\(String(describing: error)) is no mismatch", sourceLocation: location)
        continue
      }
      #expect(error.exitCode == 76)
      #expect(calls.count == words.count)
      for (call, word) in zip(calls, words) {
        #expect(call.contains(word), sourceLocation: location)
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func differentVerbsAreNamedOnEveryRank() throws {
    let errors = try errors(ranks: 3) { world in
      if world.rank == 1 {
        try world.barrier("step()")
      } else {
        _ = try world.allGather([1.5], site: "step()")
      }
    }
    expectMismatch(
      errors, ["allGather in step()", "barrier in step()", "1 elements of 8 bytes"])
  }

  @Test(.timeLimit(.minutes(10)))
  func differentCountsOfASumAreNamed() throws {
    let errors = try errors(ranks: 2) { world in
      var values = [Float](repeating: 0, count: 4 + world.rank)
      try unsafe values.withUnsafeMutableBufferPointer { try unsafe world.treeSum($0) }
    }
    expectMismatch(errors, ["4 elements", "5 elements"])
  }

  @Test(.timeLimit(.minutes(10)))
  func differentRootsSitesAndElementsAreNamed() throws {
    expectMismatch(
      try errors(ranks: 2) { _ = try $0.broadcast([1], from: $0.rank) }, ["root 0", "root 1"])
    expectMismatch(
      try errors(ranks: 2) { try $0.barrier($0.rank == 0 ? "here" : "there") },
      ["in here", "in there"])
    let elements = try errors(ranks: 2) { world in
      if world.rank == 0 {
        _ = try world.allGather([Int8(1)])
      } else {
        _ = try world.allGather([Int32(1)])
      }
    }
    expectMismatch(elements, ["of 1 bytes", "of 4 bytes"])
  }

  @Test(.timeLimit(.minutes(10)))
  func aRankThatEndsEarlyIsAMismatch() throws {
    let errors = try errors(ranks: 2) { if $0.rank == 0 { try $0.barrier("epoch") } }
    #expect(errors[1] == nil)
    expectMismatch([errors[0]], ["barrier in epoch", "the end of its work"])
  }

  @Test(.timeLimit(.minutes(10)))
  func anEndedWorldStaysEnded() throws {
    let errors = try errors(ranks: 2) { world in
      do {
        try world.barrier(world.rank == 0 ? "here" : "there")
      } catch {
        _ = try world.agree(on: 1)
      }
    }
    expectMismatch(errors, ["in here", "in there"])
  }

  @Test(.timeLimit(.minutes(10)))
  func missingRanksAndTheSiteAreNamed() throws {
    let errors = try errors(ranks: 4, deadline: .seconds(1)) { world in
      if world.rank == 1 || world.rank == 3 { Thread.sleep(forTimeInterval: 2.5) }
      try world.barrier("epoch(_:)")
    }
    let late = CollectiveError.Kind.deadline(missing: [1, 3], site: "epoch(_:)", seconds: 1)
    #expect(kinds(errors) == [late, late, late, late])
    #expect((errors[0] as? CollectiveError)?.exitCode == 79)
  }

  @Test(.timeLimit(.minutes(10)))
  func aMissingRankZeroIsNamed() throws {
    let errors = try errors(ranks: 2, deadline: .seconds(1)) { world in
      if world.rank == 0 { Thread.sleep(forTimeInterval: 2) }
      try world.barrier("start")
      try world.barrier("again")
    }
    #expect(kinds(errors)[1] == .deadline(missing: [0], site: "start", seconds: 1))
    #expect(errors[0] != nil)
  }

  @Test(.timeLimit(.minutes(10)))
  func aSumWhosePeerDoesNotComputeOnIsLate() throws {
    let errors = try errors(ranks: 2, deadline: .seconds(1)) { world in
      var values: [Float] = [1, 2]
      try unsafe values.withUnsafeMutableBufferPointer { buffer in
        try unsafe world.sum(buffer, site: "backward") { _ in
          if world.rank == 1 { Thread.sleep(forTimeInterval: 3) }
        }
      }
    }
    #expect(kinds(errors)[0] == .deadline(missing: [1], site: "backward", seconds: 1))
  }

  @Test(.timeLimit(.minutes(10)))
  func aThrowingRankIsReportedToItsPeers() throws {
    let errors = try errors(ranks: 3) { world in
      if world.rank == 2 { throw Trouble() }
      try world.barrier()
    }
    let heard = CollectiveError.Kind.peerFailed(rank: 2, message: "no such video", exitCode: 65)
    #expect(kinds(errors) == [heard, heard, nil])
    #expect(errors[2] is Trouble)
    #expect((errors[0] as? CollectiveError)?.exitCode == 65)
  }

  @Test(.timeLimit(.minutes(10)))
  func launchThrowsTheFirstFailuresOwnError() {
    #expect(throws: Trouble.self) {
      try Launch.simulated(ranks: 3, deadline: .seconds(30)) { world in
        if world.rank == 1 { throw Trouble() }
        try world.barrier()
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func aFailureCanBeToldWithoutLeaving() throws {
    let errors = try errors(ranks: 2) { world in
      if world.rank == 1 { world.fail(with: Trouble()) }
      try world.barrier()
    }
    let heard = CollectiveError.Kind.peerFailed(rank: 1, message: "no such video", exitCode: 65)
    #expect(kinds(errors) == [heard, heard])
  }

  @Test(.timeLimit(.minutes(10)))
  func aFailedDecisionAtTheEndGivesAllOneCode() throws {
    let errors = try errors(ranks: 3) { world in
      let _: Int = try world.decide(gathering: [world.rank], at: 1) { _ in throw Trouble() }
    }
    #expect(errors[1] is Trouble)
    #expect(errors.allSatisfy { ($0 as? any ExitCoded)?.exitCode == 65 })
  }

  @Test(.timeLimit(.minutes(10)))
  func heartbeatsKeepPeersWaitingDuringALongDecision() throws {
    let values = try Launch.simulated(ranks: 3, deadline: .seconds(1)) { world in
      try world.decide(gathering: [world.rank]) { _ in
        Thread.sleep(forTimeInterval: 2.5)
        return "long"
      }
    }
    #expect(values == ["long", "long", "long"])
  }

  /// As if the work computed all the time, or never.
  private func pulse(computes: Bool) -> Pulse {
    let clock = ContinuousClock()
    let start = clock.now
    return Pulse { computes ? start.duration(to: clock.now) : .zero }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [0, 1, 2])
  func signsOfLifeKeepPeersWaitingForLongWork(rank: Int) throws {
    let sums = try Launch.simulated(ranks: 3, deadline: .seconds(1)) { world in
      for _ in 0..<2 {
        try world.work(pulse(computes: true)) {
          if world.rank == rank { Thread.sleep(forTimeInterval: 2.2) }
        }
      }
      return try world.allGather([world.rank]).joined.reduce(0, +)
    }
    #expect(sums == [3, 3, 3])
  }

  @Test(.timeLimit(.minutes(10)))
  func workThatComputesNothingIsLate() throws {
    let errors = try errors(ranks: 3, deadline: .seconds(1)) { world in
      try world.work(pulse(computes: false)) {
        if world.rank == 1 { Thread.sleep(forTimeInterval: 2.2) }
      }
      try world.barrier("embed(_:)")
    }
    let late = CollectiveError.Kind.deadline(missing: [1], site: "embed(_:)", seconds: 1)
    #expect(kinds(errors) == [late, late, late])
  }

  @Test(.timeLimit(.minutes(10)))
  func failedWorkIsReportedToThePeers() throws {
    let errors = try errors(ranks: 2) { world in
      try world.work { if world.rank == 1 { throw Trouble() } }
      try world.barrier()
    }
    let heard = CollectiveError.Kind.peerFailed(rank: 1, message: "no such video", exitCode: 65)
    #expect(kinds(errors) == [heard, nil])
    #expect(errors[1] is Trouble)
  }

  @Test(.timeLimit(.minutes(10)), arguments: [0, 1])
  func aRankThatFailedWaitsNoLongerThanItsDeadline(rank: Int) throws {
    let clock = ContinuousClock()
    let waited = Mutex(Duration.zero)
    _ = try errors(ranks: 3, deadline: .seconds(1)) { world in
      if world.rank == rank {
        let start = clock.now
        world.fail(with: Trouble())
        waited.withLock { $0 = clock.now - start }
        throw Trouble()
      }
      try world.work(pulse(computes: true)) { Thread.sleep(forTimeInterval: 6) }
      try world.barrier()
    }
    #expect(waited.withLock { $0 } < .seconds(5))
  }

  @Test func computingIsProcessorTimeOfAllThreads() {
    let start = Pulse.ofThisProcess()
    var sum = 0.0
    while Pulse.ofThisProcess() - start < .milliseconds(20) { sum += sin(sum) }
    #expect(Pulse.ofThisProcess() > start)
  }

  @Test(.timeLimit(.minutes(10)))
  func oneRankNeedsNobody() throws {
    let values = try Launch.simulated(ranks: 1) { world in
      try world.barrier()
      return try world.decide(gathering: [3, 4]) { $0.joined.reduce(0, +) }
    }
    #expect(values == [7])
  }

  @Test func markingTwiceIsAMistakeOfOurs() async {
    await #expect(processExitsWith: .failure) {
      let ready = ReadyBuckets(BucketPlan(count: 10))
      ready.mark(0..<6)
      ready.mark(5..<10)
    }
  }
}
