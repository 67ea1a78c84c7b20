import Testing

@testable import Model

@Suite("Convolutions")
struct KernelsConvolutionTests {
  /// Stems, both kernels of blocks at both strides, few frames, odd sizes.
  static let cases: [ConvolutionCase] = {
    var all: [ConvolutionCase] = []
    for frames in 1...4 {
      for time in [3, 7] {
        all.append(
          ConvolutionCase(
            channels: 3, extent: Extent(t: frames, h: 13, w: 12 + time),
            outputChannels: 16 * frames,
            kernel: [time, 7, 7], stride: [1, 2, 2], isFirst: true))
      }
      for (inputs, outputs) in [(16, 16), (32, 48), (48, 32), (16, 64), (64, 64)] {
        for (kernel, stride) in [(3, 1), (3, 2), (1, 1), (1, 2)] {
          all.append(
            ConvolutionCase(
              channels: inputs,
              extent: Extent(t: frames, h: inputs == 32 ? 8 : 7, w: outputs == 32 ? 6 : 7),
              outputChannels: outputs, kernel: [kernel, kernel, kernel],
              stride: [stride, stride, stride]))
        }
      }
    }
    // Where oneDNN 2.6.3's own bf16 weight gradients are wrong, or crash.
    for (h, w) in [(1, 1), (1, 3), (2, 1), (3, 3)] {
      for frames in [1, 3, 4, 7] {
        all.append(ConvolutionCase(extent: Extent(t: frames, h: h, w: w), stride: [2, 2, 2]))
      }
    }
    let point = Extent(t: 1, h: 1, w: 1)
    all.append(ConvolutionCase(clips: 3, channels: 32, extent: point, outputChannels: 32))
    all.append(ConvolutionCase(clips: 1, extent: Extent(t: 5, h: 17, w: 17)))
    let wide = Extent(t: 2, h: 4, w: 4)
    all.append(
      ConvolutionCase(
        clips: 1, channels: 128, extent: wide, outputChannels: 256, stride: [2, 2, 2]))
    return all
  }()

  @Test("agree with nested loops in fp32", arguments: cases)
  func singlePrecision(_ shape: ConvolutionCase) throws {
    let errors = try ConvolutionRun(shape, .fp32).errors(shape)
    #expect(errors.forward < 1e-6 && errors.data < 1e-6 && errors.weights < 1e-6, "\(errors)")
  }

  /// A bf16 result is off by at most 2⁻⁹ of itself; weight gradients stay in fp32.
  @Test(
    "agree with nested loops over rounded operands in bf16",
    .enabled(if: Precision.bf16.isSupported, "this CPU has no avx512_bf16"), arguments: cases)
  func halfPrecision(_ shape: ConvolutionCase) throws {
    let errors = try ConvolutionRun(shape, .bf16).errors(shape)
    #expect(errors.forward < 2.5e-3 && errors.data < 2.5e-3 && errors.weights < 1e-5, "\(errors)")
  }

  @Test("are right at the shapes that are timed", arguments: KernelCheckTests.precisions)
  func timedShapes(_ precision: Precision) throws {
    #expect(ConvolutionCaseFile.shapes.count > 30)
    for shape in ConvolutionCaseFile.shapes {
      try shape.validate()
      try ConvolutionCaseFile.expectRight(shape, precision, ConvolutionChoice(.direct))
    }
  }

  /// oneDNN 3.13.3 gets bf16 weight gradients at T = 2 wrong, by time tap (1.4, inf, 0.0017).
  @Test(
    "have right weight gradients where the input has few frames",
    arguments: Precision.allCases.filter(\.isSupported), [1, 2, 3])
  func fewFrames(_ precision: Precision, frames: Int) throws {
    for (clips, channels, size) in [(4, 64, 14), (2, 128, 7)] {
      let shape = ConvolutionCase(
        clips: clips, channels: channels, extent: Extent(t: frames, h: size, w: size),
        outputChannels: channels)
      let run = try ConvolutionRun(shape, precision)
      let expected = run.reference.backwardWeights(run.gradient)
      for tap in 0..<3 {
        func ofTap<Element>(_ all: [Element]) -> [Element] {
          stride(from: 9 * tap, to: all.count, by: 27).flatMap { all[$0..<$0 + 9] }
        }
        guard ofTap(expected).contains(where: { $0 != 0 }) else {
          #expect(ofTap(run.weightGradient.values).allSatisfy { $0 == 0 })
          continue
        }
        let error = relativeDeviation(ofTap(run.weightGradient.values), from: ofTap(expected))
        #expect(error < 1e-5, "time tap \(tap) of \(shape.testDescription)")
      }
    }
  }

  /// Rows of one to seven taps, strides up to three, more padding than taps reach, wide layers.
  static let firstLayers: [ConvolutionCase] =
    cases.filter(\.isFirst)
    + [
      ([1, 1, 1], [1, 1, 1], 16), ([3, 3, 3], [1, 1, 1], 48), ([2, 5, 2], [2, 1, 3], 16),
      ([3, 4, 6], [1, 3, 2], 32), ([5, 7, 5], [2, 2, 1], 64),
    ].map { kernel, stride, outputs in
      ConvolutionCase(
        clips: 3, channels: 3, extent: Extent(t: 6, h: 17, w: 19), outputChannels: outputs,
        kernel: kernel, stride: stride, isFirst: true)
    }

  @Test(
    "of planes have right weight gradients by AVX2, with the same bits each time",
    arguments: firstLayers)
  func planes(_ shape: ConvolutionCase) throws {
    let reach = ConvolutionReach(isNarrow: true)
    let run = try ConvolutionRun(shape, .fp32, reach: reach)
    #expect(run.implementations[2] == "planes avx2")
    #expect(run.errors(shape).weights < 1e-6)
    let again = try ConvolutionRun(shape, .fp32, reach: reach)
    #expect(again.weightGradient.values == run.weightGradient.values)
  }

  @Test("give the same bits whenever they run", arguments: Precision.allCases.filter(\.isSupported))
  func repeated(_ precision: Precision) throws {
    for shape in Self.cases.prefix(20) {
      let one = try ConvolutionRun(shape, precision)
      let other = try ConvolutionRun(shape, precision)
      #expect(one.destination.values == other.destination.values)
      #expect(one.weightGradient.values == other.weightGradient.values)
      if !shape.isFirst { #expect(one.sourceGradient.values == other.sourceGradient.values) }
    }
  }
}
