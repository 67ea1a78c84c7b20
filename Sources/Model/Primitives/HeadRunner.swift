// `unsafe` is sound here because all places come from the plan that sized the arena, and all ranges
// from the layout that sized the flat buffers.
internal import CKernels
internal import Tensors

/// A projection head on one lane: linear, batch norm, ReLU, linear (SimCLR, ICML 2020, section 4.2).
@safe
struct HeadRunner {
  let plan: HeadPlan
  private let weights: EncoderWeights
  private let first, second: Linear
  private let normalization: Normalization

  init(_ plan: HeadPlan, clips: Int, weights: EncoderWeights) {
    self.plan = plan
    self.weights = weights
    first = Linear(rows: clips, inputs: plan.features, outputs: plan.hidden)
    second = Linear(rows: clips, inputs: plan.hidden, outputs: plan.width)
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
    let parameters = unsafe weights.values.base
    unsafe first.forward(
      features, weights: parameters + plan.firstWeights.lowerBound,
      bias: parameters + plan.firstBias.lowerBound, into: hidden)
    unsafe normalization.forward(hidden, residual: nil, rectify: true, into: normalized, state)
    unsafe second.forward(
      normalized, weights: parameters + plan.secondWeights.lowerBound,
      bias: parameters + plan.secondBias.lowerBound, into: embeddings)
  }

  /// Turns the gradient of the embeddings into that of the features, by way of `inner`, N·hidden,
  /// and writes the parameters'.
  func backward(
    _ gradient: UnsafePointer<Float>, features: UnsafePointer<Float>,
    hidden: UnsafePointer<Float>, normalized: UnsafePointer<Float>,
    inner: UnsafeMutablePointer<Float>, into featureGradient: UnsafeMutablePointer<Float>,
    _ state: NormalizationState, leaf: UnsafeMutablePointer<Float>
  ) {
    let parameters = unsafe weights.values.base
    unsafe second.backward(
      gradient, x: normalized, weights: parameters + plan.secondWeights.lowerBound, into: inner,
      weightsGradient: leaf + plan.secondWeights.lowerBound,
      biasGradient: leaf + plan.secondBias.lowerBound)
    unsafe normalization.backward(
      hidden, y: UnsafeRawPointer(normalized), recomputesMask: false, gradient: inner, into: inner,
      leaf: leaf, state)
    unsafe first.backward(
      inner, x: features, weights: parameters + plan.firstWeights.lowerBound, into: featureGradient,
      weightsGradient: leaf + plan.firstWeights.lowerBound,
      biasGradient: leaf + plan.firstBias.lowerBound)
  }
}
