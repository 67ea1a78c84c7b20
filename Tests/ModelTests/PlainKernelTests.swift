// `unsafe` is sound here because spoilt places are inside the operands that are spoilt.
import Tensors
import Testing

@testable import Model

/// The check of what is no convolution: norms, pools, shortcuts, sums and the head.
@Suite("The check of other kernels")
struct PlainKernelTests {
  /// Networks that have all of them between them: both shortcuts, with and without pool and head.
  static let networks: [(shortcut: EncoderArchitecture.Shortcut, stemPool: Bool, hidden: Int)] = [
    (.a, true, 48), (.b, false, 0),
  ]

  private func probes(
    _ precision: Precision, for purpose: KernelCheck.Purpose = .training
  ) throws -> [any KernelProbe] {
    try Self.networks.flatMap { shortcut, stemPool, hidden in
      let network = try EncoderFixture.network(
        depth: 18, frames: 5, size: 44, stemPool: stemPool, shortcut: shortcut, headHidden: hidden)
      return network.plainKernels(clips: 3, precision: precision, for: purpose).map {
        $0.kernel.probe($0.name, clips: 3, precision: precision, for: $0.purpose)
      }
    }
  }

  @Test(
    "trusts ours", arguments: KernelCheckTests.precisions,
    [KernelCheck.Purpose.training, .keys, .embedding])
  func trust(_ precision: Precision, purpose: KernelCheck.Purpose) throws {
    var kinds: Set<String> = []
    for probe in try probes(precision, for: purpose) {
      #expect(purpose == .training || probe.directions == [.forward])
      probe.expectTrust()
      for direction in probe.directions { kinds.insert("\(type(of: probe)) \(direction)") }
    }
    #expect(
      kinds.count == (purpose == .training ? 9 : precision == .bf16 ? 4 : 3), "\(kinds.sorted())")
  }

  @Test("trusts norms of one row, of many, and pools of single positions")
  func extremes() {
    for rows in [1, 2, 70_000] {
      for mask in [NormalizationShape.Mask.none, .kept, .recomputed] {
        let probe = NormalizationProbe(
          "norm",
          NormalizationShape(
            rows: rows, channels: 16, precision: .fp32, hasResidual: mask == .kept, mask: mask),
          for: .training)
        probe.expectTrust()
      }
    }
    for extent in [Extent(t: 1, h: 1, w: 1), Extent(t: 2, h: 1, w: 9), Extent(t: 5, h: 2, w: 3)] {
      for shape in [
        PoolingShape.maximum(extent, channels: 16), .average(extent, channels: 16),
        .subsample(extent, channels: 16, stride: 2, outputs: 32),
      ] {
        PoolingProbe("pool", shape, clips: 2, precision: .fp32, for: .training).expectTrust()
      }
    }
  }

  /// A mean that does not shrink with the rows must not be taken for an error.
  @Test("trusts norms of millions of rows", arguments: KernelCheckTests.precisions)
  func manyRows(_ precision: Precision) {
    let shape = NormalizationShape(
      rows: 3_300_000, channels: 16, precision: precision, hasResidual: true, mask: .kept)
    NormalizationProbe("norm", shape, for: .training).expectTrust()
  }

  /// Once nothing is written, and once a part is off; what is added to is left as it was.
  @Test("sees a wrong one", arguments: KernelCheckTests.precisions)
  func wrong(_ precision: Precision) throws {
    for probe in try probes(precision) {
      for direction in probe.directions {
        probe.fill()
        probe.forget(direction)
        #expect(
          !(probe.largestError(direction) < probe.bound(direction)),
          "\(probe.name) \(probe.shape) \(direction) did not run")
        probe.run(direction)
        let result = probe.result(direction)
        for index in result.count / 2..<result.count { result.spoil(index) }
        #expect(
          !(probe.largestError(direction) < probe.bound(direction)),
          "\(probe.name) \(probe.shape) \(direction) is half wrong")
      }
    }
  }
}
