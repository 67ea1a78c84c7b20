// `unsafe` is sound here because all places come from the plan that sized the arena, and all ranges
// from the layout that sized the flat buffers.
internal import CKernels
internal import Tensors

/// The constant ε under the root of batch norm (PyTorch's default).
let normalizationEpsilon: Float = 1e-5

/// Whether batch norm uses the microbatch's own statistics or the running ones.
public enum Mode: Sendable {
  /// Statistics of the microbatch; what a backward pass wants is kept.
  case training
  /// Running statistics.
  case evaluation
}

/// What the batch norms of one pass leave and use.
@safe
struct NormalizationState {
  /// All parameters of the encoder, and its running statistics.
  let parameters, running: UnsafePointer<Float>
  /// Batch means and biased variances, and 1/√(variance + ε), in the statistics' layout.
  let moments, inverses: UnsafeMutablePointer<Float>
  /// Two vectors as long as the most channels; overwritten by every norm.
  let scale, shift: UnsafeMutablePointer<Float>
  let mode: Mode
}

/// Batch norm over rows of C channels with the statistics of one unit.
@safe
struct Normalization {
  let type: ck_type
  let rows: Int
  let channels: Int
  /// The places of mean and variance in the statistics, of scale and shift in the parameters.
  let mean, variance, scale, shift: Range<Int>

  /// Computes y = norm(x) (+ residual), rectified if asked; y may be x.
  func forward(
    _ x: UnsafeRawPointer, residual: UnsafeRawPointer?, rectify: Bool,
    into y: UnsafeMutableRawPointer, _ state: NormalizationState
  ) {
    var source = unsafe state.running
    if state.mode == .training {
      unsafe ck_channel_statistics(
        type, x, Int64(rows), Int64(channels), state.moments + mean.lowerBound,
        state.moments + variance.lowerBound)
      unsafe source = UnsafePointer(state.moments)
    }
    for channel in 0..<channels {
      unsafe state.inverses[mean.lowerBound + channel] =
        1 / (source[variance.lowerBound + channel] + normalizationEpsilon).squareRoot()
    }
    unsafe prepare(source, state)
    unsafe ck_scale_shift(
      type, x, Int64(rows), Int64(channels), state.scale, state.shift, residual, rectify ? 1 : 0, y)
  }

  /// Computes the rectified norm once more, to the same bits.
  func again(
    _ x: UnsafeRawPointer, into y: UnsafeMutableRawPointer, _ state: NormalizationState
  ) {
    unsafe prepare(state.moments, state)
    unsafe ck_scale_shift(
      type, x, Int64(rows), Int64(channels), state.scale, state.shift, nil, 1, y)
  }

  /// Turns the gradient of y into that of x, and writes those of scale and shift.
  ///
  /// - Parameters:
  ///   - y: where given, the gradient is first masked in place where y is 0.
  ///   - recomputesMask: the gradient counts as 0 where the rectified norm is, which is not kept.
  ///   - dx: may be `gradient` or x.
  func backward(
    _ x: UnsafeRawPointer, y: UnsafeRawPointer?, recomputesMask: Bool,
    gradient: UnsafeMutableRawPointer, into dx: UnsafeMutableRawPointer,
    leaf: UnsafeMutablePointer<Float>, _ state: NormalizationState
  ) {
    if recomputesMask { unsafe prepare(state.moments, state) }
    var norm = unsafe ck_normalization(
      mean: state.moments + mean.lowerBound, inverse: state.inverses + mean.lowerBound,
      weight: state.parameters + scale.lowerBound,
      scale: recomputesMask ? UnsafePointer(state.scale) : nil,
      shift: recomputesMask ? UnsafePointer(state.shift) : nil)
    let (dShift, dScale) = unsafe (leaf + shift.lowerBound, leaf + scale.lowerBound)
    unsafe ck_normalization_sums(
      type, x, y, gradient, Int64(rows), Int64(channels), &norm, dShift, dScale)
    unsafe ck_normalization_backward(
      type, x, gradient, Int64(rows), Int64(channels), &norm, dShift, dScale, dx)
  }

  /// Makes scale and shift of means and inverses: norm(x) = x·scale + shift.
  private func prepare(_ source: UnsafePointer<Float>, _ state: NormalizationState) {
    let parameters = unsafe state.parameters
    for channel in 0..<channels {
      let gain =
        unsafe parameters[scale.lowerBound + channel]
        * state.inverses[mean.lowerBound + channel]
      unsafe state.scale[channel] = gain
      unsafe state.shift[channel] =
        parameters[shift.lowerBound + channel] - source[mean.lowerBound + channel] * gain
    }
  }
}
