import CKernels
import Testing

@testable import Model

/// A convolution's shape, small enough for nested loops.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var clips = 2
  var channels = 16
  var extent = Extent(t: 3, h: 7, w: 7)
  var outputChannels = 16
  var kernel = [3, 3, 3]
  var stride = [1, 1, 1]
  var isFirst = false

  var unit: ConvolutionUnit {
    let padding = kernel.map { $0 / 2 }
    return ConvolutionUnit(
      name: testDescription, input: extent,
      output: extent.after(kernel: kernel, stride: stride, padding: padding),
      inputChannels: channels, outputChannels: outputChannels, kernel: kernel, stride: stride,
      padding: padding, isFirst: isFirst, weights: 0..<0, scale: 0..<0, shift: 0..<0, mean: 0..<0,
      variance: 0..<0)
  }

  var taps: Int { kernel.reduce(1, *) }
  var sourceCount: Int { clips * extent.positions * channels }
  var weightCount: Int { outputChannels * channels * taps }
  var destinationCount: Int { clips * unit.output.positions * outputChannels }

  var testDescription: String {
    "\(clips)·\(channels)·\(extent.t)×\(extent.h)×\(extent.w) → \(outputChannels), "
      + "kernel \(kernel), stride \(stride)"
  }
}

/// A convolution and its two gradients as nested loops in double precision.
struct ConvolutionReference {
  private let shape: ConvolutionCase
  private let source: [Double]
  /// Tap by tap, input channels by output channels.
  private let weights: [Double]

  init(_ shape: ConvolutionCase, source: [Float], weights: [Float]) {
    self.shape = shape
    self.source = source.map(Double.init)
    let (inputs, taps) = (shape.channels, shape.taps)
    var turned = [Double](repeating: 0, count: weights.count)
    for o in 0..<shape.outputChannels {
      for i in 0..<inputs {
        for tap in 0..<taps {
          turned[(tap * inputs + i) * shape.outputChannels + o] =
            Double(weights[(o * inputs + i) * taps + tap])
        }
      }
    }
    self.weights = turned
  }

  /// Visits every product: an output row, a tap, and the input position it meets.
  private func forEachMeeting(
    _ body: (_ row: Int, _ tap: Int, _ clip: Int, _ position: Int) -> Void
  ) {
    let (unit, input) = (shape.unit, shape.extent)
    var row = 0
    for clip in 0..<shape.clips {
      for t in 0..<unit.output.t {
        for h in 0..<unit.output.h {
          for w in 0..<unit.output.w {
            for tap in 0..<shape.taps {
              let (kh, kw) = (shape.kernel[1], shape.kernel[2])
              let it = t * unit.stride[0] - unit.padding[0] + tap / (kh * kw)
              let ih = h * unit.stride[1] - unit.padding[1] + tap / kw % kh
              let iw = w * unit.stride[2] - unit.padding[2] + tap % kw
              guard it >= 0, it < input.t, ih >= 0, ih < input.h, iw >= 0, iw < input.w else {
                continue
              }
              body(row, tap, clip, (it * input.h + ih) * input.w + iw)
            }
            row += 1
          }
        }
      }
    }
  }

  /// The place of an input element: N·C·T·H·W for clips, otherwise N·T·H·W·C.
  private func place(_ clip: Int, _ position: Int, _ channel: Int) -> Int {
    let positions = shape.extent.positions
    return shape.isFirst
      ? (clip * shape.channels + channel) * positions + position
      : (clip * positions + position) * shape.channels + channel
  }

  func forward() -> [Double] {
    let outputs = shape.outputChannels
    var result = [Double](repeating: 0, count: shape.destinationCount)
    forEachMeeting { row, tap, clip, position in
      for i in 0..<shape.channels {
        let x = source[place(clip, position, i)]
        let from = (tap * shape.channels + i) * outputs
        for o in 0..<outputs { result[row * outputs + o] += x * weights[from + o] }
      }
    }
    return result
  }

  func backwardData(_ gradient: [Float]) -> [Double] {
    let outputs = shape.outputChannels
    var result = [Double](repeating: 0, count: shape.sourceCount)
    forEachMeeting { row, tap, clip, position in
      for i in 0..<shape.channels {
        let from = (tap * shape.channels + i) * outputs
        var sum = 0.0
        for o in 0..<outputs { sum += Double(gradient[row * outputs + o]) * weights[from + o] }
        result[place(clip, position, i)] += sum
      }
    }
    return result
  }

  func backwardWeights(_ gradient: [Float]) -> [Double] {
    let (inputs, outputs, taps) = (shape.channels, shape.outputChannels, shape.taps)
    var turned = [Double](repeating: 0, count: weights.count)
    forEachMeeting { row, tap, clip, position in
      for i in 0..<inputs {
        let x = source[place(clip, position, i)]
        let to = (tap * inputs + i) * outputs
        for o in 0..<outputs { turned[to + o] += x * Double(gradient[row * outputs + o]) }
      }
    }
    var result = turned
    for o in 0..<outputs {
      for i in 0..<inputs {
        for tap in 0..<taps {
          result[(o * inputs + i) * taps + tap] = turned[(tap * inputs + i) * outputs + o]
        }
      }
    }
    return result
  }
}
