// `unsafe` is sound here because every clip buffer is lent for one call and as long as the clips.
internal import Collective
import Foundation
internal import Model
internal import Tensors
internal import Video
internal import Worker

/// How long the parts of a step take on one lane, while all lanes of the machine are busy.
public struct StepTiming: Codable, Sendable, Equatable {
  /// Seconds for forward and backward passes over one microbatch.
  public var microbatch: Double
  /// Seconds for the update of all weights.
  public var update: Double
  /// Seconds for embedding as many clips as a microbatch has.
  public var embedding: Double

  /// Takes a microbatch's time as given; embedding is a third of it, as its products are.
  public init(microbatch: Double) {
    self.microbatch = microbatch
    update = 0
    embedding = microbatch / 3
  }

  /// Measures each part on random clips, after a first time that does not count.
  ///
  /// - Parameter lanes: the lanes of a rank; each computes one microbatch at a time.
  /// - Throws: where the machine has no memory for that, or lacks the precision.
  init(measuring configuration: RunConfiguration, clips: Int, lanes: Int) throws {
    let parts = try Launch.simulated(ranks: 1, deadline: .seconds(600)) { communicator in
      let network = try configuration.network()
      let replica = try Replica(
        EncoderWeights(network, seed: configuration.seed), precision: configuration.precision,
        kernels: KernelSource.standard.choices(
          configuration.convolutions, configuration.kernelTiming()), clips: clips,
        lanes: LanePool(count: lanes), for: .training(microbatches: lanes, memory: .max))
      let optimizer = Optimizer(configuration.optimizer, layout: network.layout)
      var random = RandomStream(seed: 0, purpose: .test)
      let input = random.normals(clips * network.clipElements)
      let load: Replica.Load = { _, buffer in _ = unsafe buffer.update(fromContentsOf: input) }
      var (step, update, embedding) = (0.0, 0.0, 0.0)
      for _ in 0..<2 {
        let clock = ContinuousClock()
        let start = clock.now
        let rows = try unsafe replica.forward(load).map(\.embeddings)
        let sum = try unsafe replica.backward(rows, load, reducing: communicator)
        step = start.duration(to: .now).seconds
        update = try clock.measure {
          try replica.update(by: optimizer, along: sum, learningRate: 1e-9)
        }.seconds
        embedding = try clock.measure {
          _ = try unsafe replica.embed(.pooled, 0..<lanes) { _, buffer in
            _ = unsafe buffer.update(fromContentsOf: input)
          }
        }.seconds
      }
      return [step, update, embedding]
    }[0]
    (microbatch, update, embedding) = (parts[0], parts[1], parts[2])
  }
}

extension RunConfiguration {
  /// The network that the settings describe.
  func network() throws(ModelError) -> ResNet3D {
    try ResNet3D(encoder, frames: video.frames, size: video.size)
  }
}
