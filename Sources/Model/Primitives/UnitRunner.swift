// `unsafe` is sound here because all places come from the plan that sized the arena, and all ranges
// from the layout that sized the flat buffers.
internal import CKernels
internal import Tensors

/// The constant ε under the root of batch norm (PyTorch's default).
let normalizationEpsilon: Float = 1e-5

/// Whether batch norm uses the microbatch's own statistics or the running ones.
public enum Mode: Sendable {
  /// Statistics of the microbatch; everything is kept for the backward pass.
  case training
  /// Running statistics.
  case evaluation
}

/// The memory of one lane that no pass keeps: scratch of the primitives, small vectors.
@safe
struct LaneScratch {
  let convolution: UnsafeMutableRawPointer
  /// Two vectors as long as the most channels.
  let scale, shift: UnsafeMutablePointer<Float>
}

/// Batch norm over rows of C channels with the statistics of one unit.
@safe
struct Normalization {
  let type: ck_type
  let rows: Int
  let channels: Int
  /// The places of mean and variance in the statistics, of scale and shift in the parameters.
  let mean, variance, scale, shift: Range<Int>

  /// Computes y = norm(x) (+ residual), rectified if asked.
  func forward(
    _ x: UnsafeRawPointer, residual: UnsafeRawPointer?, rectify: Bool,
    into y: UnsafeMutableRawPointer, mode: Mode, weights: EncoderWeights,
    moments: UnsafeMutablePointer<Float>, inverses: UnsafeMutablePointer<Float>,
    scratch: LaneScratch
  ) {
    let source: UnsafeMutablePointer<Float>
    switch mode {
    case .evaluation: unsafe source = weights.statistics.base
    case .training:
      unsafe source = moments
      unsafe ck_channel_statistics(
        type, x, Int64(rows), Int64(channels), moments + mean.lowerBound,
        moments + variance.lowerBound)
    }
    for channel in 0..<channels {
      let inverse =
        unsafe 1 / (source[variance.lowerBound + channel] + normalizationEpsilon).squareRoot()
      unsafe inverses[mean.lowerBound + channel] = inverse
      let gain = unsafe weights.values.base[scale.lowerBound + channel] * inverse
      unsafe scratch.scale[channel] = gain
      unsafe scratch.shift[channel] =
        weights.values.base[shift.lowerBound + channel]
        - source[mean.lowerBound + channel] * gain
    }
    unsafe ck_scale_shift(
      type, x, Int64(rows), Int64(channels), scratch.scale, scratch.shift, residual,
      rectify ? 1 : 0, y)
  }

  /// Turns the gradient of y into that of x, and writes those of scale and shift.
  ///
  /// Where y is given, the gradient is first masked in place where y is 0.
  func backward(
    _ x: UnsafeRawPointer, y: UnsafeRawPointer?, gradient: UnsafeMutableRawPointer,
    into dx: UnsafeMutableRawPointer, leaf: UnsafeMutablePointer<Float>, weights: EncoderWeights,
    moments: UnsafePointer<Float>, inverses: UnsafePointer<Float>
  ) {
    let (centre, inverse) = unsafe (moments + mean.lowerBound, inverses + mean.lowerBound)
    let (dShift, dScale) = unsafe (leaf + shift.lowerBound, leaf + scale.lowerBound)
    unsafe ck_normalization_sums(
      type, x, y, gradient, Int64(rows), Int64(channels), centre, inverse, dShift, dScale)
    unsafe ck_normalization_backward(
      type, x, gradient, Int64(rows), Int64(channels), centre, inverse,
      weights.values.base + scale.lowerBound, dShift, dScale, dx)
  }
}

/// One convolution with its batch norm, on one lane.
@safe
final class UnitRunner {
  let unit: ConvolutionUnit
  let index: Int
  let convolution: Convolution3D
  private let packed: PackedWeights
  private let normalization: Normalization

  init(_ index: Int, packed: PackedWeights) throws(ModelError) {
    let unit = packed.units[index]
    self.unit = unit
    self.index = index
    self.packed = packed
    convolution = try Convolution3D(
      unit, clips: packed.clips, precision: packed.precision, method: packed.convolutions.method,
      isTraining: true)
    normalization = Normalization(
      type: packed.precision.type, rows: packed.clips * unit.output.positions,
      channels: unit.outputChannels, mean: unit.mean, variance: unit.variance, scale: unit.scale,
      shift: unit.shift)
  }

  /// Convolves, normalises, adds the residual and rectifies; `slot` keeps both results.
  func forward(
    _ source: UnsafeRawPointer, residual: UnsafeRawPointer?, rectify: Bool, slot: Slot,
    mode: Mode, scratch: LaneScratch
  ) {
    let (output, result) = unsafe (slot.output(index), slot.result(index))
    unsafe convolution.forward(
      source, packed: packed.forwardWeights(index), into: output, scratch: scratch.convolution)
    unsafe normalization.forward(
      output, residual: residual, rectify: rectify, into: result, mode: mode,
      weights: packed.weights, moments: slot.moments, inverses: slot.inverses, scratch: scratch)
  }

  /// Back-propagates through norm and convolution.
  ///
  /// - Parameters:
  ///   - gradient: of the result; masked in place if the unit rectified.
  ///   - dx: receives the gradient of the convolution's output; may be `gradient`.
  ///   - sourceGradient: receives the gradient of the source, unless the unit is the first.
  func backward(
    source: UnsafeRawPointer, rectified: Bool, gradient: UnsafeMutableRawPointer,
    through dx: UnsafeMutableRawPointer, into sourceGradient: UnsafeMutableRawPointer?, slot: Slot,
    leaf: UnsafeMutablePointer<Float>, scratch: LaneScratch
  ) {
    unsafe normalization.backward(
      slot.output(index), y: rectified ? slot.result(index) : nil, gradient: gradient, into: dx,
      leaf: leaf, weights: packed.weights, moments: slot.moments, inverses: slot.inverses)
    unsafe convolution.backwardWeights(
      source, dx, into: leaf + unit.weights.lowerBound, scratch: scratch.convolution)
    if let sourceGradient = unsafe sourceGradient {
      unsafe convolution.backwardData(
        dx, packed: packed.backwardWeights(index), into: sourceGradient,
        scratch: scratch.convolution)
    }
  }
}
