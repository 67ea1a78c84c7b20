// `unsafe` is sound here because inputs and leaves are as long as the encoder says.
import Tensors
import Testing

@testable import Model

/// A small encoder with clips, weights and gradients that a test can name.
struct EncoderFixture {
  let network: ResNet3D
  let weights: EncoderWeights
  let packed: PackedWeights
  let clips: Int
  private let lanes: LanePool

  init(
    _ network: ResNet3D, clips: Int = 4, precision: Precision = .fp32,
    convolutions: ConvolutionMethod = .auto, seed: UInt64 = 3, lanes: Int = 1
  ) throws {
    BLAS.useOneThread()
    Machine.useOneThread()
    self.network = network
    self.clips = clips
    self.lanes = LanePool(count: lanes)
    weights = EncoderWeights(network, seed: seed)
    packed = try PackedWeights(
      weights, clips: clips, precision: precision, choices: KernelChoices(convolutions),
      lanes: self.lanes)
  }

  /// A network of the given depth at a quarter of the width, with a small head.
  static func network(
    depth: Int = 10, frames: Int = 4, size: Int = 16, stemPool: Bool = false,
    shortcut: EncoderArchitecture.Shortcut = .b, width: Double = 0.25, headHidden: Int = 48
  ) throws -> ResNet3D {
    var architecture = EncoderArchitecture()
    architecture.depth = depth
    architecture.width = width
    architecture.stemPool = stemPool
    architecture.shortcut = shortcut
    architecture.headHidden = headHidden
    architecture.headWidth = 24
    return try ResNet3D(architecture, frames: frames, size: size)
  }

  /// The clips of a numbered microbatch.
  func microbatch(_ number: Int) -> [Float] {
    normals(clips * network.clipElements, seed: 100 + number)
  }

  /// A numbered gradient of the embeddings.
  func gradient(_ number: Int = 0) -> Matrix {
    Matrix(
      rows: clips, columns: network.embeddingWidth,
      values: normals(clips * network.embeddingWidth, seed: 200 + number))
  }

  /// Moves norms away from the identity, with small scales where a block's main path ends.
  ///
  /// At full scale, gradients grow from block to block, and rounding errors with them.
  func calm() {
    let last = network.blocks[0].units.count == 3 ? ".conv3.1.weight" : ".conv2.1.weight"
    for entry in network.layout.parameters where entry.kind == .one || entry.kind == .zero {
      let noise = normals(entry.range.count, seed: entry.range.lowerBound, deviation: 0.1)
      let scale: Float = entry.name.hasSuffix(last) ? 0.2 : 1
      for (index, value) in zip(entry.range, noise) {
        unsafe weights.values.base[index] = (weights.values.base[index] + value) * scale
      }
    }
    refresh()
  }

  /// Packs the weights anew.
  func refresh() { packed.refresh(lanes: lanes) }
}

/// What one microbatch gives, forward and backward.
struct EncoderResult: Equatable {
  var features: [Float]
  var embeddings: [Float]
  var leaf: [Float] = []
}

extension LaneEncoder {
  func load(_ values: [Float], slot: Int = 0, mode: Mode = .training) {
    let input = unsafe input(slot: slot, mode: mode)
    precondition(values.count == input.count)
    for (index, value) in values.enumerated() { unsafe input[index] = value }
  }

  /// Embeds a microbatch.
  func embed(_ values: [Float], slot: Int = 0, mode: Mode = .training) -> EncoderResult {
    load(values, slot: slot, mode: mode)
    let result = forward(slot: slot, mode: mode)
    return EncoderResult(features: result.features.values, embeddings: result.embeddings.values)
  }

  /// The leaf of a slot that was embedded before.
  func leaf(_ gradient: Matrix, slot: Int = 0) -> [Float] {
    let leaf = AlignedStorage(count: leafCount)
    // What the pass leaves out must be seen.
    for index in 0..<leafCount { unsafe leaf.base[index] = .nan }
    unsafe backward(slot: slot, gradient: gradient, into: leaf.buffer)
    return leaf.array
  }

  /// Embeds and back-propagates a microbatch.
  func run(_ values: [Float], _ gradient: Matrix, slot: Int = 0) -> EncoderResult {
    var result = embed(values, slot: slot)
    result.leaf = leaf(gradient, slot: slot)
    return result
  }
}
