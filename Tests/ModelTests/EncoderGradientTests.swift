// `unsafe` is sound here because every range comes from the layout that sized the buffers.
import Tensors
import Testing

@testable import Model

/// Gradients against differences of the forward pass, in training mode and fp32, all direct.
///
/// The loss is Σ embedding · g for a fixed normal g, summed in double precision. Every group of
/// parameters is moved along a few directions by ± ε and compared with gradient · direction.
@Suite("Encoder gradients")
struct EncoderGradientTests {
  @Test("are the slopes of the forward pass")
  func basic() throws { try check(EncoderFixture.network(depth: 10, frames: 4, size: 24)) }

  @Test("are the slopes with bottlenecks, a pooled stem and parameter-free shortcuts")
  func bottleneck() throws {
    try check(
      EncoderFixture.network(depth: 50, frames: 8, size: 40, stemPool: true, shortcut: .a))
  }

  @Test("are the slopes without a head")
  func headless() throws {
    try check(EncoderFixture.network(depth: 18, frames: 3, size: 24, headHidden: 0))
  }

  private func check(_ network: ResNet3D) throws {
    let fixture = try EncoderFixture(network, clips: 8, convolutions: .direct)
    let encoder = try LaneEncoder(fixture.packed, slots: 1)
    let (clips, weights) = (fixture.microbatch(0), fixture.weights)
    fixture.calm()
    let gradient = fixture.gradient()
    let result = encoder.run(clips, gradient)
    let leaf = result.leaf
    // What the loss would be if its terms had random signs: the scale of its rounding errors.
    let spread = zip(result.embeddings, gradient.values).reduce(0) {
      $0 + Double($1.0 * $1.0) * Double($1.1 * $1.1)
    }.squareRoot()
    let start = weights.values.array

    func loss(_ direction: [(Int, Double)], _ step: Double) -> Double {
      for (index, part) in direction {
        unsafe weights.values.base[index] = start[index] + Float(step * part)
      }
      fixture.refresh()
      let rows = encoder.embed(clips).embeddings
      for (index, _) in direction { unsafe weights.values.base[index] = start[index] }
      return zip(rows, gradient.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    var errors: [Double] = []
    for entry in network.layout.parameters where entry.name != "head.0.bias" {
      let noise = normals(entry.range.count, seed: entry.range.lowerBound + 1)
      let size = entry.range.reduce(0) { $0 + Double(leaf[$1]) * Double(leaf[$1]) }.squareRoot()
      #expect(size > 0, "\(entry.name)")
      // Half along the gradient, half at random: the slope is large, and every element counts.
      let scale = Double(entry.range.count).squareRoot()
      let direction = zip(entry.range, noise).map { index, noise in
        (index, Double(leaf[index]) / size + Double(noise) / scale)
      }
      let slope = direction.reduce(0) { $0 + $1.1 * Double(leaf[$1.0]) }
      let step = 1e-3 * spread / size
      let difference = (loss(direction, step) - loss(direction, -step)) / (2 * step)
      let error = abs(difference - slope) / size
      // Each ReLU that changes its mind within ± ε bends the loss; smaller steps drown in rounding.
      #expect(error < 0.04, "\(entry.name): \(difference), \(slope)")
      errors.append(error)
    }
    #expect(errors.sorted()[errors.count / 2] < 0.004)
  }
}
