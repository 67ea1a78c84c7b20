import Foundation
import Tensors
import Testing

@testable import Model

/// Law 1 of ARCHITECTURE.md, where one microbatch meets one lane.
@Suite("The bits of a microbatch")
struct EncoderDeterminismTests {
  static let precisions = Precision.allCases.filter(\.isSupported)

  @Test("do not depend on the lane, the slot, or what other lanes do", arguments: precisions)
  func lanes(_ precision: Precision) throws {
    let network = try EncoderFixture.network(depth: 18, size: 24, stemPool: true)
    let alone = try EncoderFixture(network, precision: precision)
    let expected = try (0..<4).map { number in
      try LaneEncoder(alone.packed, slots: 1).run(alone.microbatch(number), alone.gradient(number))
    }
    let shared = try EncoderFixture(network, precision: precision, lanes: 2)
    let pool = LanePool(count: 2)
    let encoders = [
      try LaneEncoder(shared.packed, slots: 2), try LaneEncoder(shared.packed, slots: 2),
    ]
    let results = Collected()
    try pool.run { lane in
      let encoder = encoders[lane]
      // Both slots forward before the first goes backward, and lane 1 in the other order.
      let order = lane == 0 ? [0, 1] : [1, 0]
      var halves = [Int: EncoderResult]()
      for slot in order {
        halves[slot] = encoder.embed(shared.microbatch(2 * lane + slot), slot: slot)
      }
      for slot in order.reversed() {
        let number = 2 * lane + slot
        guard var result = halves[slot] else { continue }
        result.leaf = encoder.leaf(shared.gradient(number), slot: slot)
        results.add(number, result)
      }
    }
    for number in 0..<4 { #expect(results[number] == expected[number]) }
    #expect(expected[0] != expected[1])
  }

  @Test("stay when the passes are repeated or recomputed", arguments: precisions)
  func repeated(_ precision: Precision) throws {
    let fixture = try EncoderFixture(
      EncoderFixture.network(stemPool: true, shortcut: .a), precision: precision)
    let encoder = try LaneEncoder(fixture.packed, slots: 1)
    let (clips, gradient) = (fixture.microbatch(0), fixture.gradient())
    let first = encoder.run(clips, gradient)
    #expect(first.leaf.allSatisfy { $0.isFinite })
    _ = encoder.run(fixture.microbatch(1), fixture.gradient(1))
    #expect(encoder.run(clips, gradient) == first)
    // As a replica does that keeps no activations: embed all, then embed again and go back.
    _ = encoder.embed(clips)
    _ = encoder.embed(fixture.microbatch(1))
    #expect(encoder.run(clips, gradient) == first)
    // Packing the same weights again changes nothing; evaluation in between leaves no trace.
    fixture.refresh()
    _ = encoder.embed(fixture.microbatch(2), mode: .evaluation)
    #expect(encoder.run(clips, gradient) == first)
  }

  /// So an embedding table is the same however a library is cut into blocks.
  @Test("of an evaluated clip depend neither on the others nor on its place", arguments: precisions)
  func rows(_ precision: Precision) throws {
    for (depth, hidden, clips) in [(10, 48, 5), (50, 512, 4), (10, 512, 8), (10, 0, 3)] {
      let network = try EncoderFixture.network(depth: depth, headHidden: hidden)
      let fixture = try EncoderFixture(network, clips: clips, precision: precision)
      let encoder = try LaneEncoder(fixture.packed, slots: 1)
      let one = normals(network.clipElements, seed: 1)
      var seen: [EncoderResult] = []
      for place in 0..<clips {
        for others in 0..<2 {
          var batch = fixture.microbatch(others)
          let start = place * network.clipElements
          batch.replaceSubrange(start..<start + network.clipElements, with: one)
          let result = encoder.embed(batch, mode: .evaluation)
          let (f, d) = (network.features, network.embeddingWidth)
          seen.append(
            EncoderResult(
              features: Array(result.features[place * f..<(place + 1) * f]),
              embeddings: Array(result.embeddings[place * d..<(place + 1) * d])))
        }
      }
      #expect(
        seen.allSatisfy { $0.features == seen[0].features }, "features, depth \(depth), \(hidden)")
      #expect(
        seen.allSatisfy { $0.embeddings == seen[0].embeddings },
        "embeddings, depth \(depth), hidden \(hidden), \(clips) clips")
    }
  }

  /// Results by number, whichever lane brings them.
  ///
  /// `@unchecked Sendable`: the dictionary is touched under the lock alone.
  private final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private var results: [Int: EncoderResult] = [:]

    func add(_ number: Int, _ result: EncoderResult) {
      lock.withLock { results[number] = result }
    }

    subscript(number: Int) -> EncoderResult? { lock.withLock { results[number] } }
  }
}
