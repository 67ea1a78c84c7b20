import Testing

@testable import Collective

@Suite(.serialized) struct TransportLawsTests {
  @Test(.timeLimit(.minutes(10)), arguments: 1...5)
  func holdOnSimulatedRanks(ranks: Int) throws {
    let worlds = try Launch.simulated(ranks: ranks, deadline: .seconds(30)) {
      try checkTransportLaws($0)
    }
    #expect(worlds.count == ranks)
    for results in worlds {
      #expect(!results.isEmpty)
      for law in results { #expect(law.passed, "\(law)") }
    }
  }

  /// Pieces that end in the middle of an element, as large counts do at 64 MiB.
  @Test(.timeLimit(.minutes(10)), arguments: [2, 3])
  func holdWhenPayloadTravelsInPieces(ranks: Int) throws {
    let worlds = try Launch.simulated(ranks: ranks, deadline: .seconds(30), bytesPerMessage: 10_007)
    { try checkTransportLaws($0) }
    for law in worlds.joined() { #expect(law.passed, "\(law)") }
  }

  @Test(.timeLimit(.minutes(10)))
  func gatheredIsCutByRank() throws {
    let gathered = Gathered(joined: [1, 2, 3], counts: [0, 2, 0, 1])
    #expect(gathered.size == 4)
    #expect((0..<4).map { gathered[$0] } == [[], [1, 2], [], [3]])
    #expect(gathered.range(of: 3) == 2..<3)
  }

  @Test(.timeLimit(.minutes(10)))
  func valuesThatJSONCannotNameStillTravel() throws {
    let values = try Launch.simulated(ranks: 2, deadline: .seconds(30)) { world in
      try world.broadcast(value: world.rank == 1 ? [Double.infinity, 0.1, -0.0] : nil, from: 1)
    }
    #expect(values[0] == [.infinity, 0.1, 0] && values[0][2].sign == .minus)
    #expect(values[0] == values[1])
  }

  /// Many threads may mark; the sum is the same whatever the order of marks.
  @Test(.timeLimit(.minutes(10)))
  func marksComeInAnyOrder() throws {
    let count = 3 * BucketPlan.floatsPerBucket + 5
    let sums = try Launch.simulated(ranks: 3, deadline: .seconds(30)) { world in
      var values = [Float](repeating: Float(world.rank + 1), count: count)
      let cuts = [0, 1, 300_000, 524_288, count]
      let ranges = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
      // Sound because the buffer is lent for the length of the call.
      try unsafe values.withUnsafeMutableBufferPointer { buffer in
        try unsafe world.sum(buffer) { markReady in
          for range in world.rank == 1 ? ranges : ranges.reversed() { markReady(range) }
        }
      }
      return values.allSatisfy { $0 == 6 }
    }
    #expect(sums == [true, true, true])
  }
}
