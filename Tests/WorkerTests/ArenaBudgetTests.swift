// `unsafe` is sound here because clips and sums are as long as the replica says.
import Collective
import Model
import Tensors
import Testing

@testable import Worker

/// Law 3 of ARCHITECTURE.md: above the budget, activations are recomputed.
@Suite("The memory budget")
struct ArenaBudgetTests {
  private func replica(_ memory: Int) throws -> Replica {
    try replica(for: .training(microbatches: 6, memory: memory))
  }

  private func replica(for purpose: Replica.Purpose) throws -> Replica {
    var architecture = EncoderArchitecture()
    (architecture.headHidden, architecture.headWidth) = (48, 24)
    let network = try ResNet3D(architecture, frames: 4, size: 24)
    return try Replica(
      EncoderWeights(network, seed: 1), precision: .fp32, kernels: KernelChoices(.auto), clips: 4,
      lanes: LanePool(count: 2), for: purpose)
  }

  @Test("keeps three microbatches a lane, then one, then is refused with the numbers")
  func choice() throws {
    let ample = try replica(.max).memory
    #expect(ample.keepsActivations && ample.slots == [3, 3])
    #expect(ample.byteCount == ample.byteCountIfKept)
    #expect(try replica(ample.byteCount).keepsActivations)

    let scarce = try replica(ample.byteCount - 1).memory
    #expect(!scarce.keepsActivations && scarce.slots == [1, 1])
    #expect(scarce.byteCount < ample.byteCount && scarce.byteCountIfKept == ample.byteCount)
    #expect("\(scarce)".contains("keeping activations would take"))
    #expect(!(try replica(scarce.byteCount).keepsActivations))

    let error = #expect(throws: ModelError.self) { try replica(scarce.byteCount - 1) }
    let needed = (scarce.byteCount + (1 << 20) - 1) >> 20
    #expect(error?.reason.contains("take \(needed) MiB") == true)
    let left = (scarce.byteCount - 1) >> 20
    #expect(error?.reason.contains("memoryMegabytes leaves \(left) MiB") == true)
  }

  @Test("changes no bit of the gradient sum", .timeLimit(.minutes(10)))
  func bits() throws {
    let ample = try replica(.max).memory.byteCount
    #expect(try sum(within: ample) == sum(within: ample - 1))
  }

  /// Keys are embedded with batch statistics, and nothing goes back through them.
  @Test("holds as little for keys as for embedding, and gives the same rows as in training")
  func keys() throws {
    let keys = try replica(for: .keys(microbatches: 6))
    let (embedding, training) = (try replica(for: .embedding), try replica(1 << 30))
    let moments = 2 * 4 * keys.weights.network.layout.statisticsCount
    #expect(keys.memory.byteCount <= embedding.memory.byteCount + 2 * (moments + 128))
    #expect(3 * keys.memory.byteCount < training.memory.byteCount)
    let rows = try [keys, training].map { try unsafe $0.forward(Self.load).map(\.embeddings) }
    #expect(rows[0] == rows[1])
  }

  private static let load: Replica.Load = { microbatch, clips in
    var random = RandomStream(seed: 3, purpose: .test, sample: microbatch)
    _ = unsafe clips.update(fromContentsOf: random.normals(clips.count))
  }

  private func sum(within memory: Int) throws -> [Float] {
    try Launch.simulated(ranks: 1, deadline: .seconds(30)) { communicator in
      let replica = try replica(memory)
      let rows = try unsafe replica.forward(Self.load).map(\.embeddings)
      return try unsafe replica.backward(rows, Self.load, reducing: communicator).array
    }[0]
  }
}
