// `unsafe` is sound here because clips are as many floats as the replica says.
import CAllocations
import Collective
import Model
import Tensors
import Testing

@testable import Worker

/// Activations, gradients and scratch lie in memory that was planned once.
///
/// After the first step, nothing as large as a clip is asked for again: only the rows that leave a lane.
@Suite("What a whole step allocates")
struct StepAllocationTests {
  private static let clips = 4
  private static let microbatches = 3

  /// The largest allocations of a step, in bytes.
  private struct Largest {
    var first, third: Int
    /// The replica's arenas and leaf.
    var planned: Int
  }

  private func largest(size: Int, keepsActivations: Bool) throws -> Largest {
    var architecture = EncoderArchitecture()
    (architecture.headHidden, architecture.headWidth) = (48, 24)
    let network = try ResNet3D(architecture, frames: 4, size: size)
    let lanes = LanePool(count: 1)
    @Sendable func replica(within memory: Int) throws -> Replica {
      try Replica(
        EncoderWeights(network, seed: 1), precision: .fp32, kernels: KernelChoices(.auto),
        clips: Self.clips, lanes: lanes,
        for: .training(microbatches: Self.microbatches, memory: memory))
    }
    let gradient = Matrix(
      rows: Self.clips, columns: 24,
      values: (0..<Self.clips * 24).map { Float($0 % 7) * 0.01 - 0.03 })
    let load: Replica.Load = { _, clips in
      for index in clips.indices { unsafe clips[index] = Float(index % 11) * 0.1 - 0.5 }
    }
    let steps = try Launch.simulated(ranks: 1, deadline: .seconds(30)) { communicator in
      let ample = try replica(within: .max)
      let replica =
        keepsActivations ? ample : try replica(within: ample.memory.byteCount - 1)
      #expect(replica.keepsActivations == keepsActivations)
      let optimizer = Optimizer(OptimizerSettings(), layout: network.layout)
      let gradients = [Matrix](repeating: gradient, count: Self.microbatches)
      let planned = replica.memory.byteCount + 4 * replica.leafCount
      return try (0..<3).map { _ in
        counting_begin()
        _ = try unsafe replica.forward(load)
        let sum = try unsafe replica.backward(gradients, load, reducing: communicator)
        _ = try replica.gradientNorm(of: sum)
        try replica.update(by: optimizer, along: sum, learningRate: 0.01)
        _ = counting_end()
        return (Int(counting_largest()), planned)
      }
    }
    return Largest(first: steps[0][0].0, third: steps[0][2].0, planned: steps[0][2].1)
  }

  /// In some shapes oneDNN's matrix product takes 74 kB of its own.
  @Test(
    "is a hundredth of what was planned at most, whatever the size of the clips",
    .timeLimit(.minutes(10)), arguments: [true, false])
  func wholeStep(keepsActivations: Bool) throws {
    for size in [24, 56, 72] {
      let largest = try largest(size: size, keepsActivations: keepsActivations)
      #expect(largest.third < 1 << 17 && largest.third * 100 < largest.planned, "\(largest)")
      #expect(largest.first > 1 << 20, "the leaf of the first step is seen: \(largest)")
    }
  }
}
