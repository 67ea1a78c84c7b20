import CKernels
import Testing

@testable import Model

/// Whether this CPU has what Winograd's method needs.
let winogradIsPossible: Bool = {
  let run = try? ConvolutionRun(ConvolutionCase(), .fp32, CK_WINOGRAD)
  return run?.implementations.allSatisfy { $0.hasPrefix("winograd") } ?? false
}()

/// Winograd's method in every direction, also where `auto` would not choose it.
///
/// fp32: within 10⁻⁵ of nested loops in double precision, relative to the norm of the result. bf16:
/// transformed operands are rounded once more, which is off by 2⁻⁹ each; 10⁻² holds with a margin
/// of two.
@Suite("Winograd's method", .enabled(if: winogradIsPossible, "this CPU has no AVX-512"))
struct WinogradTests {
  /// Edge tiles of every width, one frame to many, odd numbers of channel blocks.
  static let cases: [ConvolutionCase] = {
    var all: [ConvolutionCase] = []
    for size in 1...9 {
      all.append(ConvolutionCase(extent: Extent(t: size % 4 + 1, h: size, w: 10 - size)))
    }
    for (inputs, outputs) in [(16, 64), (32, 48), (48, 32), (80, 112), (64, 64)] {
      for frames in [1, 2, 5] {
        all.append(
          ConvolutionCase(
            clips: frames == 2 ? 3 : 1, channels: inputs, extent: Extent(t: frames, h: 9, w: 6),
            outputChannels: outputs))
      }
    }
    // Several blocks of clips, of rows and of frames.
    all.append(ConvolutionCase(clips: 3, extent: Extent(t: 19, h: 21, w: 30)))
    all.append(
      ConvolutionCase(
        clips: 5, channels: 64, extent: Extent(t: 3, h: 30, w: 13), outputChannels: 80))
    // Weights that are transformed late.
    all.append(
      ConvolutionCase(
        clips: 2, channels: 512, extent: Extent(t: 2, h: 4, w: 3), outputChannels: 272))
    return all
  }()

  @Test("agrees with nested loops in fp32", arguments: cases)
  func singlePrecision(_ shape: ConvolutionCase) throws {
    let run = try ConvolutionRun(shape, .fp32, CK_WINOGRAD)
    #expect(run.implementations == Array(repeating: "winograd F(4x4,3x3)", count: 3))
    let errors = run.errors(shape)
    #expect(errors.forward < 1e-5 && errors.data < 1e-5 && errors.weights < 1e-5, "\(errors)")
  }

  @Test(
    "agrees with nested loops over rounded operands in bf16",
    .enabled(if: Precision.bf16.isSupported, "this CPU has no avx512_bf16"), arguments: cases)
  func halfPrecision(_ shape: ConvolutionCase) throws {
    let run = try ConvolutionRun(shape, .bf16, CK_WINOGRAD)
    #expect(run.implementations == Array(repeating: "winograd F(2x2,3x3)", count: 3))
    let errors = run.errors(shape)
    #expect(errors.forward < 1e-2 && errors.data < 1e-2 && errors.weights < 1e-2, "\(errors)")
  }

  /// Blocks hold other numbers of clips then, so sums must not depend on blocks.
  @Test(
    "gives a clip the same bits among few and many",
    arguments: Precision.allCases.filter(\.isSupported))
  func clips(_ precision: Precision) throws {
    for (channels, extent) in [
      (16, Extent(t: 3, h: 7, w: 5)), (64, Extent(t: 6, h: 14, w: 14)),
      (256, Extent(t: 2, h: 7, w: 7)),
    ] {
      var shape = ConvolutionCase(
        clips: 7, channels: channels, extent: extent, outputChannels: channels + 16)
      let many = try ConvolutionRun(shape, precision, CK_WINOGRAD)
      shape.clips = 1
      let one = try ConvolutionRun(shape, precision, CK_WINOGRAD)
      // The first clip's numbers are the same, since both come from the same streams.
      let (forward, data) = (one.destination.values, one.sourceGradient.values)
      #expect(forward == Array(many.destination.values.prefix(forward.count)))
      #expect(data == Array(many.sourceGradient.values.prefix(data.count)))
    }
  }

  @Test("gives the same bits whenever it runs", arguments: Precision.allCases.filter(\.isSupported))
  func repeated(_ precision: Precision) throws {
    for shape in Self.cases {
      let one = try ConvolutionRun(shape, precision, CK_WINOGRAD)
      let other = try ConvolutionRun(shape, precision, CK_WINOGRAD)
      #expect(one.destination.values == other.destination.values)
      #expect(one.sourceGradient.values == other.sourceGradient.values)
      #expect(one.weightGradient.values == other.weightGradient.values)
    }
  }

  @Test("is chosen where tiles are well filled, and nowhere else")
  func choice() throws {
    func chosen(_ shape: ConvolutionCase) throws -> Bool {
      let run = try ConvolutionRun(shape, .fp32, CK_FASTEST)
      return run.implementations.allSatisfy { $0.hasPrefix("winograd") }
    }
    #expect(try chosen(ConvolutionCase(extent: Extent(t: 2, h: 7, w: 7))))
    #expect(try chosen(ConvolutionCase(extent: Extent(t: 1, h: 4, w: 4))))
    #expect(try !chosen(ConvolutionCase(extent: Extent(t: 4, h: 2, w: 2))))
    #expect(try !chosen(ConvolutionCase(extent: Extent(t: 2, h: 8, w: 8), stride: [2, 2, 2])))
    #expect(try !chosen(ConvolutionCase(extent: Extent(t: 2, h: 8, w: 8), kernel: [1, 1, 1])))
    guard Precision.bf16.isSupported else { return }
    // Words of 32 channels would be half empty where channels are summed.
    let half = try ConvolutionRun(
      ConvolutionCase(extent: Extent(t: 2, h: 8, w: 8)), .bf16, CK_FASTEST)
    #expect(half.implementations.map { $0.hasPrefix("winograd") } == [false, false, true])
  }
}
