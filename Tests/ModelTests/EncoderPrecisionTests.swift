import Testing

@testable import Model

@Suite("bf16 beside fp32", .enabled(if: Precision.bf16.isSupported, "this CPU has no avx512_bf16"))
struct EncoderPrecisionTests {
  @Test(
    "gives nearly the same features and gradients",
    arguments: [(10, 4, 24, false), (18, 8, 64, true), (50, 8, 48, false), (10, 12, 64, true)])
  func agreement(depth: Int, frames: Int, size: Int, stemPool: Bool) throws {
    let network = try EncoderFixture.network(
      depth: depth, frames: frames, size: size, stemPool: stemPool)
    let single = try EncoderFixture(network, clips: 8, precision: .fp32)
    let half = try EncoderFixture(network, clips: 8, precision: .bf16)
    single.calm()
    half.calm()
    let gradient = single.gradient()
    let expected = try LaneEncoder(single.packed, slots: 1).run(single.microbatch(0), gradient)
    let actual = try LaneEncoder(half.packed, slots: 1).run(half.microbatch(0), gradient)
    let parameters = network.layout.parameterCount
    let closeness = (
      features: cosine(actual.features, expected.features),
      gradients: cosine(actual.leaf.prefix(parameters), expected.leaf.prefix(parameters)),
      statistics: cosine(actual.leaf.dropFirst(parameters), expected.leaf.dropFirst(parameters))
    )
    #expect(closeness.features > 0.99 && closeness.statistics > 0.999, "\(closeness)")
    // Every rounding that flips a ReLU turns the gradient a little, and 53 layers have many.
    #expect(closeness.gradients > (depth == 50 ? 0.92 : 0.95), "\(closeness)")
  }
}
