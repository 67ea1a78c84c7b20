import CKernels
import Testing

@testable import Model

/// Whether this CPU has what Winograd's method needs.
let winogradIsPossible = !WinogradForm.onThisCPU.isEmpty

/// A form of Winograd's method in a precision, on an instruction set.
struct WinogradForm: Sendable, CustomTestStringConvertible {
  let method: ConvolutionMethod
  let precision: Precision
  let isNarrow: Bool
  /// What is printed for it where the stride is 1.
  let implementation: String
  /// Bounds of the relative deviation from double precision: of forward and backward data, and of
  /// backward weights.
  ///
  /// fp32 sums of a thousand products are off by 10⁻⁶, and transforms amplify that two or three
  /// times. In bf16, operands are rounded once more after their transform, by 2⁻⁹, and the transforms
  /// of longer sides amplify that; F(4×4) rounds the results alone, and weight gradients never.
  let bounds: (data: Double, weights: Double)

  var testDescription: String {
    "\(method.rawValue) in \(precision.rawValue)\(isNarrow ? ", AVX2" : "")"
  }

  /// Whether it is meant for stride 2, as the F(2×2) with that stride; F(4×4) in fp32 of bf16 is not.
  var isStrided: Bool { precision == .fp32 || method != .f4 }

  func covers(_ shape: ConvolutionCase) -> Bool { isStrided || shape.stride[0] == 1 }

  func implementation(of shape: ConvolutionCase) -> String {
    shape.stride[0] == 1 ? implementation : "winograd F(2x2,3x3)/2"
  }

  /// All that this CPU computes.
  static let onThisCPU = all.filter { form in
    let shape = ConvolutionCase(channels: 32, outputChannels: 32)
    let run = try? ConvolutionRun(shape, form)
    return run?.implementations.allSatisfy { $0 == form.implementation } ?? false
  }

  private static let all: [WinogradForm] = {
    var all: [WinogradForm] = []
    for isNarrow in [false, true] {
      all += [
        WinogradForm(
          method: .f2, precision: .fp32, isNarrow: isNarrow, implementation: "winograd F(2x2,3x3)",
          bounds: (4e-6, 1e-5)),
        WinogradForm(
          method: .f4x2, precision: .fp32, isNarrow: isNarrow,
          implementation: "winograd F(4x2,3x3)", bounds: (1e-5, 1e-5)),
        WinogradForm(
          method: .f4, precision: .fp32, isNarrow: isNarrow, implementation: "winograd F(4x4,3x3)",
          bounds: (1e-5, 1e-5)),
      ]
    }
    all += [
      WinogradForm(
        method: .f2, precision: .bf16, isNarrow: false, implementation: "winograd F(2x2,3x3)",
        bounds: (1e-2, 1e-2)),
      WinogradForm(
        method: .f4x2, precision: .bf16, isNarrow: false, implementation: "winograd F(4x2,3x3)",
        bounds: (1.6e-2, 1.6e-2)),
      WinogradForm(
        method: .f4, precision: .bf16, isNarrow: false,
        implementation: "winograd F(4x4,3x3) in fp32", bounds: (3e-3, 1e-5)),
    ]
    return all
  }()
}

extension ConvolutionRun {
  /// By a form of Winograd's method, also where `auto` would not choose it.
  init(_ shape: ConvolutionCase, _ form: WinogradForm, blockTiles: Int = 0) throws {
    guard form.precision.isSupported else { throw ModelError("no \(form.precision)") }
    try self.init(
      shape, form.precision, form.method,
      reach: ConvolutionReach(
        isEverywhere: true, isNarrow: form.isNarrow, blockTiles: blockTiles))
  }
}

/// Winograd's method in every direction, in every form that this CPU has.
@Suite("Winograd's method", .enabled(if: winogradIsPossible, "this CPU has no AVX2"))
struct WinogradTests {
  /// Edge tiles of every width, one frame to many, odd numbers of channel blocks.
  static let cases: [ConvolutionCase] = {
    var all: [ConvolutionCase] = []
    for size in 1...9 {
      all.append(ConvolutionCase(extent: Extent(t: size % 4 + 1, h: size, w: 10 - size)))
    }
    all.append(ConvolutionCase(clips: 3, channels: 32, extent: Extent(t: 1, h: 1, w: 1)))
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
        clips: 5, channels: 32, extent: Extent(t: 3, h: 30, w: 13), outputChannels: 80))
    // Weights that are transformed late, in fp32 and in bf16.
    for outputs in [272, 480] {
      all.append(
        ConvolutionCase(
          clips: 2, channels: 512, extent: Extent(t: 2, h: 4, w: 3), outputChannels: outputs))
    }
    return all
  }()

  /// Stride 2: odd and even extents, one frame to many, several blocks.
  static let strided: [ConvolutionCase] = {
    var all: [ConvolutionCase] = []
    for size in 1...9 {
      all.append(
        ConvolutionCase(
          extent: Extent(t: size % 5 + 1, h: size, w: 10 - size), outputChannels: 48,
          stride: [2, 2, 2]))
    }
    for (inputs, outputs) in [(16, 64), (32, 48), (48, 16), (80, 112)] {
      all.append(
        ConvolutionCase(
          clips: 3, channels: inputs, extent: Extent(t: 4, h: 9, w: 6), outputChannels: outputs,
          stride: [2, 2, 2]))
    }
    all.append(
      ConvolutionCase(
        clips: 3, channels: 32, extent: Extent(t: 19, h: 21, w: 30), outputChannels: 32,
        stride: [2, 2, 2]))
    all.append(
      ConvolutionCase(
        clips: 4, channels: 256, extent: Extent(t: 2, h: 14, w: 7), outputChannels: 272,
        stride: [2, 2, 2]))
    return all
  }()

  @Test(
    "is right at the shapes that are timed, in every form",
    arguments: WinogradForm.onThisCPU.filter { !$0.isNarrow })
  func timedShapes(_ form: WinogradForm) throws {
    let shapes = ConvolutionCaseFile.shapes.filter { shape in
      shape.kernel == [3, 3, 3] && (form.isStrided || shape.stride[0] == 1)
    }
    #expect(shapes.count > 10)
    for shape in shapes {
      try ConvolutionCaseFile.expectRight(
        shape, form.precision, ConvolutionChoice(form.method, isMeasured: true))
    }
  }

  @Test(
    "agrees with nested loops over the operands as the kernels see them",
    arguments: cases + strided, Precision.allCases)
  func accuracy(_ shape: ConvolutionCase, _ precision: Precision) throws {
    var expected: ConvolutionRun.Expectation?
    for form in WinogradForm.onThisCPU
    where form.precision == precision && form.covers(shape) {
      let run = try ConvolutionRun(shape, form)
      let reference = expected ?? run.expectation(shape)
      expected = reference
      #expect(run.implementations == Array(repeating: form.implementation(of: shape), count: 3))
      let errors = run.errors(from: reference)
      #expect(max(errors.forward, errors.data) < form.bounds.data, "\(form): \(errors)")
      #expect(errors.weights < form.bounds.weights, "\(form): \(errors)")
    }
  }

  /// Blocks hold other numbers of clips then, so sums must not depend on blocks.
  @Test("gives a clip the same bits among few and many", arguments: WinogradForm.onThisCPU)
  func clips(_ form: WinogradForm) throws {
    for (channels, extent) in [
      (16, Extent(t: 3, h: 7, w: 5)), (64, Extent(t: 6, h: 14, w: 14)),
      (256, Extent(t: 2, h: 7, w: 7)), (96, Extent(t: 1, h: 4, w: 4)),
      (48, Extent(t: 5, h: 15, w: 14)),
    ] {
      var shape = ConvolutionCase(
        clips: 7, channels: channels, extent: extent, outputChannels: channels + 16,
        stride: channels == 48 && form.isStrided ? [2, 2, 2] : [1, 1, 1])
      let many = try ConvolutionRun(shape, form)
      shape.clips = 1
      let one = try ConvolutionRun(shape, form)
      // The first clip's numbers are the same, since both come from the same streams.
      let (forward, data) = (one.destination.values, one.sourceGradient.values)
      #expect(forward == Array(many.destination.values.prefix(forward.count)))
      #expect(data == Array(many.sourceGradient.values.prefix(data.count)))
    }
  }

  @Test("gives the same bits in blocks of every size", arguments: WinogradForm.onThisCPU)
  func blocks(_ form: WinogradForm) throws {
    for shape in Self.cases + Self.strided where form.covers(shape) {
      let usual = try ConvolutionRun(shape, form)
      for tiles in [1, 13, 100] {
        let other = try ConvolutionRun(shape, form, blockTiles: tiles)
        #expect(other.destination.values == usual.destination.values, "\(shape), \(tiles)")
        #expect(other.sourceGradient.values == usual.sourceGradient.values, "\(shape), \(tiles)")
        #expect(other.weightGradient.values == usual.weightGradient.values, "\(shape), \(tiles)")
      }
    }
  }

  @Test("gives the same bits whenever it runs", arguments: WinogradForm.onThisCPU)
  func repeated(_ form: WinogradForm) throws {
    for shape in Self.cases + Self.strided where form.covers(shape) {
      let one = try ConvolutionRun(shape, form)
      let other = try ConvolutionRun(shape, form)
      #expect(one.destination.values == other.destination.values)
      #expect(one.sourceGradient.values == other.sourceGradient.values)
      #expect(one.weightGradient.values == other.weightGradient.values)
    }
  }

  @Test(
    "gives the same bits on AVX2 as on AVX-512",
    arguments: WinogradForm.onThisCPU.filter(\.isNarrow))
  func instructions(_ narrow: WinogradForm) throws {
    let twin = WinogradForm.onThisCPU.first {
      !$0.isNarrow && $0.precision == narrow.precision && $0.method == narrow.method
    }
    guard let twin else { return }
    for shape in Self.cases + Self.strided {
      let one = try ConvolutionRun(shape, narrow)
      let other = try ConvolutionRun(shape, twin)
      #expect(one.destination.values == other.destination.values)
      #expect(one.sourceGradient.values == other.sourceGradient.values)
      #expect(one.weightGradient.values == other.weightGradient.values)
    }
  }

  @Test("is chosen where tiles are well filled, and nowhere else")
  func choice() throws {
    func chosen(_ shape: ConvolutionCase) throws -> Bool {
      let run = try ConvolutionRun(shape, .fp32, .auto)
      return run.implementations.allSatisfy { $0.hasPrefix("winograd") }
    }
    #expect(try chosen(ConvolutionCase(extent: Extent(t: 2, h: 7, w: 7))))
    #expect(try chosen(ConvolutionCase(extent: Extent(t: 1, h: 4, w: 4))))
    #expect(try !chosen(ConvolutionCase(extent: Extent(t: 4, h: 2, w: 2))))
    #expect(try chosen(ConvolutionCase(extent: Extent(t: 2, h: 16, w: 16), stride: [2, 2, 2])))
    #expect(try !chosen(ConvolutionCase(extent: Extent(t: 2, h: 9, w: 9), stride: [2, 2, 2])))
    #expect(try !chosen(ConvolutionCase(extent: Extent(t: 2, h: 8, w: 8), kernel: [1, 1, 1])))
    guard Precision.bf16.isSupported else { return }
    // Words of 32 channels would be half empty where channels are summed.
    let half = try ConvolutionRun(
      ConvolutionCase(extent: Extent(t: 2, h: 8, w: 8)), .bf16, .auto)
    #expect(half.implementations.map { $0.hasPrefix("winograd") } == [false, false, true])
  }
}
