// `unsafe` is sound here because all places come from the plan that sized the arena, and all ranges
// from the layout that sized the flat buffers.
internal import CKernels
internal import Tensors

/// A projection head on one lane: linear, batch norm, ReLU, linear (SimCLR, ICML 2020, section 4.2).
@safe
struct HeadRunner {
  let plan: HeadPlan
  private let clips: Int
  private let weights: EncoderWeights
  private let normalization: Normalization

  init(_ plan: HeadPlan, clips: Int, weights: EncoderWeights) {
    self.plan = plan
    self.clips = clips
    self.weights = weights
    normalization = Normalization(
      type: CK_F32, rows: clips, channels: plan.hidden, mean: plan.mean, variance: plan.variance,
      scale: plan.scale, shift: plan.shift)
  }

  /// Computes the embeddings N·D from pooled features N·F, by way of two N·hidden.
  func forward(
    _ features: UnsafePointer<Float>, hidden: UnsafeMutablePointer<Float>,
    normalized: UnsafeMutablePointer<Float>, into embeddings: UnsafeMutablePointer<Float>,
    _ state: NormalizationState
  ) {
    unsafe linear(
      features, plan.features, plan.firstWeights, plan.firstBias, plan.hidden, into: hidden)
    unsafe normalization.forward(
      hidden, residual: nil, rectify: true, into: normalized, state, weights: weights)
    unsafe linear(
      normalized, plan.hidden, plan.secondWeights, plan.secondBias, plan.width, into: embeddings)
  }

  /// Turns the gradient of the embeddings into that of the features, by way of `inner`, N·hidden,
  /// and writes the parameters'.
  func backward(
    _ gradient: UnsafePointer<Float>, features: UnsafePointer<Float>,
    hidden: UnsafePointer<Float>, normalized: UnsafePointer<Float>,
    inner: UnsafeMutablePointer<Float>, into featureGradient: UnsafeMutablePointer<Float>,
    _ state: NormalizationState, leaf: UnsafeMutablePointer<Float>
  ) {
    unsafe linearBackward(
      gradient, plan.width, plan.secondWeights, plan.secondBias, source: normalized, plan.hidden,
      into: inner, leaf: leaf)
    unsafe normalization.backward(
      hidden, y: UnsafeRawPointer(normalized), recomputesMask: false, gradient: inner, into: inner,
      leaf: leaf, state, weights: weights)
    unsafe linearBackward(
      inner, plan.hidden, plan.firstWeights, plan.firstBias, source: features, plan.features,
      into: featureGradient, leaf: leaf)
  }

  /// y = x·Wᵀ + b, W out·in.
  ///
  /// One product a row: in a product of several rows, BLAS sums the last ones in another order, and
  /// a clip's embedding would depend on its place in the batch.
  private func linear(
    _ x: UnsafePointer<Float>, _ columns: Int, _ matrix: Range<Int>, _ bias: Range<Int>,
    _ outputs: Int, into y: UnsafeMutablePointer<Float>
  ) {
    let parameters = unsafe weights.values.base
    for row in 0..<clips {
      let target = unsafe y + row * outputs
      unsafe target.update(from: parameters + bias.lowerBound, count: outputs)
      unsafe BLAS.multiply(
        1, outputs, columns, x + row * columns, columns, false, parameters + matrix.lowerBound,
        columns, true, target, outputs, 1, 1)
    }
  }

  private func linearBackward(
    _ dy: UnsafePointer<Float>, _ outputs: Int, _ matrix: Range<Int>, _ bias: Range<Int>,
    source x: UnsafePointer<Float>, _ columns: Int, into dx: UnsafeMutablePointer<Float>,
    leaf: UnsafeMutablePointer<Float>
  ) {
    unsafe BLAS.multiply(
      outputs, columns, clips, dy, outputs, true, x, columns, false, leaf + matrix.lowerBound,
      columns, 1, 0)
    for output in 0..<outputs {
      var sum: Float = 0
      for row in 0..<clips { unsafe sum += dy[row * outputs + output] }
      unsafe leaf[bias.lowerBound + output] = sum
    }
    unsafe BLAS.multiply(
      clips, columns, outputs, dy, outputs, false, weights.values.base + matrix.lowerBound, columns,
      false, dx, columns, 1, 0)
  }
}
