import Testing

@testable import Model

/// A whole encoder with Winograd's convolutions beside the same encoder without.
@Suite("Encoder by either method")
struct EncoderConvolutionsTests {
  /// An error of 10⁻⁶ of a layer's norm grows through ReLUs and batch statistics of few numbers.
  @Test("gives nearly the same features and gradients")
  func methods() throws {
    let network = try EncoderFixture.network(depth: 18, frames: 4, size: 32)
    let automatic = try EncoderFixture(network, clips: 8)
    let direct = try EncoderFixture(network, clips: 8, convolutions: .direct)
    automatic.calm()
    direct.calm()
    let clips = direct.microbatch(0)
    let one = try LaneEncoder(automatic.packed, slots: 1).run(clips, direct.gradient())
    let other = try LaneEncoder(direct.packed, slots: 1).run(clips, direct.gradient())
    #expect(relativeDeviation(one.features, from: other.features.map(Double.init)) < 1e-4)
    #expect(relativeDeviation(one.leaf, from: other.leaf.map(Double.init)) < 1e-3)
    if winogradIsPossible { #expect(one != other) }
  }
}
