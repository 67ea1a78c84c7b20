// `unsafe` is sound here because every operand is sized from the same rows and channels.
internal import CKernels
internal import Tensors

/// What a batch norm computes, by shape.
struct NormalizationShape: Hashable {
  /// What the backward pass takes for zero.
  enum Mask: String {
    /// Nothing: the result is not rectified.
    case none = "not rectified"
    /// What the rectified result is kept for.
    case kept = "rectified"
    /// What is rectified to zero once more.
    case recomputed = "rectified, not kept"
  }

  let rows, channels: Int
  let precision: Precision
  let hasResidual: Bool
  let mask: Mask
}

/// A batch norm with operands of its own, in place wherever a pass computes in place.
@safe
final class NormalizationProbe: KernelProbe {
  let name: String
  let directions: [KernelDirection]
  private let sizes: NormalizationShape
  private let purpose: KernelCheck.Purpose
  private let norm: Normalization
  private let x, y, residual, gradient: ProbeOperand
  /// Scales, then shifts; and their gradients.
  private let parameters, leaf: ProbeOperand
  /// Means, then variances: the running ones and the batch's; and 1/√(variance + ε).
  private let running, moments, inverses: ProbeOperand
  private let vectors: ProbeOperand

  init(_ name: String, _ sizes: NormalizationShape, for purpose: KernelCheck.Purpose) {
    self.name = name
    self.sizes = sizes
    self.purpose = purpose
    directions = purpose.directions
    let channels = sizes.channels
    norm = Normalization(
      type: sizes.precision.type, rows: sizes.rows, channels: channels, mean: 0..<channels,
      variance: channels..<2 * channels, scale: 0..<channels, shift: channels..<2 * channels)
    func activation(_ isUsed: Bool) -> ProbeOperand {
      ProbeOperand(isUsed ? sizes.rows * channels : 0, sizes.precision)
    }
    x = activation(true)
    (residual, gradient) = (activation(sizes.hasResidual), activation(purpose == .training))
    y = purpose == .training ? activation(true) : x
    func pair() -> ProbeOperand { ProbeOperand(2 * channels) }
    (parameters, leaf, running, moments) = (pair(), pair(), pair(), pair())
    (inverses, vectors) = (pair(), pair())
  }

  var shape: String {
    "\(sizes.rows)×\(sizes.channels), \(sizes.mask.rawValue)"
      + (sizes.hasResidual ? ", with residual" : "")
  }

  func implementation(_ direction: KernelDirection) -> String { "kindreel" }

  func bound(_ direction: KernelDirection) -> Double {
    sizes.precision == .bf16 && direction != .backwardWeights ? 0.02 : 5e-5
  }

  func fill() {
    y.fill(1, isRectified: true)
    x.fill(0, mean: 0.2)
    residual.fill(2)
    gradient.fill(3)
    parameters.fill(1, mean: 1, deviation: 0.3)
    running.fill(2, mean: 1, deviation: 0.1)
    moments.fill(3, deviation: 0.1)
    inverses.fill(0, mean: 1, deviation: 0.1)
  }

  func result(_ direction: KernelDirection) -> ProbeOperand {
    switch direction {
    case .forward: y
    case .backwardData: dx
    case .backwardWeights: leaf
    }
  }

  func written(by direction: KernelDirection) -> [ProbeOperand] {
    switch direction {
    case .forward: (y === x ? [] : [y]) + (usesBatch ? [moments, inverses] : [inverses])
    case .backwardData: []
    case .backwardWeights: [leaf]
    }
  }

  func run(_ direction: KernelDirection) {
    let state = unsafe NormalizationState(
      parameters: parameters.floats, running: running.floats, moments: moments.floats,
      inverses: inverses.floats, scale: vectors.floats, shift: vectors.floats + sizes.channels,
      mode: usesBatch ? .training : .evaluation)
    if direction == .forward {
      unsafe norm.forward(
        x.raw, residual: sizes.hasResidual ? UnsafeRawPointer(residual.raw) : nil,
        rectify: sizes.mask != .none, into: y.raw, state)
    } else {
      unsafe norm.backward(
        x.raw, y: sizes.mask == .kept ? UnsafeRawPointer(y.raw) : nil,
        recomputesMask: sizes.mask == .recomputed, gradient: gradient.raw, into: dx.raw,
        leaf: leaf.floats, state)
    }
  }

  func largestError(_ direction: KernelDirection) -> Double {
    // One of every sixteen, since that many are computed together.
    var random = RandomStream(seed: 1, purpose: .test)
    let channels = stride(from: 0, to: sizes.channels, by: 16)
      .map { $0 + random.integer(below: 16) }
    return ([0, sizes.channels - 1] + channels).reduce(0) { worst, channel in
      max(
        worst,
        direction == .forward
          ? forwardError(channel) : backwardError(channel, ofData: direction == .backwardData))
    }
  }

  // MARK: - What belongs there

  private var usesBatch: Bool { purpose != .embedding }

  /// The end of a block keeps its gradient for the shortcut, and no longer needs x.
  private var dx: ProbeOperand { sizes.hasResidual ? x : gradient }

  private var rowsLookedAt: [Int] { sampled(sizes.rows, most: 2048) }

  private func forwardError(_ channel: Int) -> Double {
    let (mean, variance) = usesBatch ? batchMoments(channel) : runningMoments(channel)
    let inverse = 1 / (variance + Double(normalizationEpsilon)).squareRoot()
    let gain = parameters[channel] * inverse
    return rowsLookedAt.reduce(0) { worst, row in
      let index = row * sizes.channels + channel
      let sum = ExpectedSum(
        Double(x.given(index)) * gain, -mean * gain, parameters[sizes.channels + channel],
        sizes.hasResidual ? residual[index] : 0)
      return max(worst, (sizes.mask == .none ? sum : sum.rectified).error(of: y[index]))
    }
  }

  /// Mean and biased variance over all rows, in two passes.
  private func batchMoments(_ channel: Int) -> (mean: Double, variance: Double) {
    func average(_ value: (Double) -> Double) -> Double {
      (0..<sizes.rows).reduce(0) { $0 + value(Double(x.given($1 * sizes.channels + channel))) }
        / Double(sizes.rows)
    }
    let mean = average { $0 }
    return (mean, average { ($0 - mean) * ($0 - mean) })
  }

  private func runningMoments(_ channel: Int) -> (mean: Double, variance: Double) {
    (running[channel], running[sizes.channels + channel])
  }

  private func backwardError(_ channel: Int, ofData: Bool) -> Double {
    let (mean, inverse) = (moments[channel], inverses[channel])
    func normalized(_ index: Int) -> Double { (Double(x.given(index)) - mean) * inverse }
    var (shiftGradient, scaleGradient) = (ExpectedSum(), ExpectedSum())
    for row in 0..<sizes.rows {
      let index = row * sizes.channels + channel
      let gradient = masked(index, channel)
      shiftGradient.add(gradient)
      scaleGradient.add(gradient * normalized(index))
    }
    guard ofData else {
      return max(
        scaleGradient.error(of: leaf[channel]),
        shiftGradient.error(of: leaf[sizes.channels + channel]))
    }
    let gain = parameters[channel] * inverse
    let share = -gain / Double(sizes.rows)
    return rowsLookedAt.reduce(0) { worst, row in
      let index = row * sizes.channels + channel
      var sum = ExpectedSum(gain * masked(index, channel))
      sum.add(shiftGradient, times: share)
      sum.add(scaleGradient, times: share * normalized(index))
      return max(worst, sum.error(of: dx[index]))
    }
  }

  /// The gradient, or 0 where the result is; what is rectified again, by the operations on floats that
  /// rectified it, so that there is one opinion of the numbers next to zero.
  private func masked(_ index: Int, _ channel: Int) -> Double {
    let given = Double(gradient.given(index))
    switch sizes.mask {
    case .none: return given
    case .kept: return y.given(index) == 0 ? 0 : given
    case .recomputed:
      let gain = Float(parameters[channel]) * Float(inverses[channel])
      let shift = Float(parameters[sizes.channels + channel]) - Float(moments[channel]) * gain
      let product = x.given(index) * gain
      return product + shift > 0 ? given : 0
    }
  }
}
