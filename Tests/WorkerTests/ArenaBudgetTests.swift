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
    var architecture = EncoderArchitecture()
    (architecture.headHidden, architecture.headWidth) = (48, 24)
    let network = try ResNet3D(architecture, frames: 4, size: 24)
    return try Replica(
      EncoderWeights(network, seed: 1), precision: .fp32, kernels: KernelChoices(.auto), clips: 4,
      lanes: LanePool(count: 2), for: .training(microbatches: 6, memory: memory))
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
    #expect(error?.reason.contains("memoryMegabytes is \((scarce.byteCount - 1) >> 20)") == true)
  }

  @Test("changes no bit of the gradient sum", .timeLimit(.minutes(1)))
  func bits() throws {
    let ample = try replica(.max).memory.byteCount
    #expect(try sum(within: ample) == sum(within: ample - 1))
  }

  private func sum(within memory: Int) throws -> [Float] {
    try Launch.simulated(ranks: 1, deadline: .seconds(30)) { communicator in
      let replica = try replica(memory)
      let load: Replica.Load = { microbatch, clips in
        var random = RandomStream(seed: 3, purpose: .test, sample: microbatch)
        _ = unsafe clips.update(fromContentsOf: random.normals(clips.count))
      }
      let rows = try unsafe replica.forward(load)
      return try unsafe replica.backward(rows, load, reducing: communicator).array
    }[0]
  }
}
