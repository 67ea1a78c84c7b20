// `unsafe` is sound here because every range is checked against the counts of both buffers and of
// the momentum before its elements are touched.
import Tensors

/// Stochastic gradient descent with momentum and L2 decay, as `torch.optim.SGD` computes it.
///
/// Per element, with g the gradient, w the weight, m the momentum, μ, λ and η the settings:
///
///     g ← g + λ w;   m ← μ m + g;   w ← w − η m      (Nesterov: w ← w − η (g + μ m))
///
/// Element by element in this order, so the bits do not depend on how a range is cut: lanes may
/// update disjoint ranges at the same time. (Sutskever et al., ICML 2013, with PyTorch's placing
/// of the learning rate; no dampening.)
public final class SGD: Sendable {
  private let settings: OptimizerSettings
  private let storage: AlignedStorage
  /// Ranges with their decay, ascending, that cover all elements.
  private let segments: [(range: Range<Int>, decay: Float)]

  /// Creates an optimiser with zero momentum.
  ///
  /// - Parameters:
  ///   - settings: momentum, Nesterov and decay; the rest is not looked at.
  ///   - count: the number of weights.
  ///   - normAndBias: ascending, disjoint ranges of batch-norm parameters and biases, which do not
  ///     decay unless `decayNormAndBias`.
  public init(_ settings: OptimizerSettings, count: Int, normAndBias: [Range<Int>] = []) {
    self.settings = settings
    storage = AlignedStorage(count: count)
    let decay = Float(settings.weightDecay)
    var segments: [(range: Range<Int>, decay: Float)] = []
    var end = 0
    for range in settings.decayNormAndBias ? [] : normAndBias where !range.isEmpty {
      precondition(
        range.lowerBound >= end && range.upperBound <= count,
        "\(range) is out of order among \(count) weights")
      if end < range.lowerBound { segments.append((end..<range.lowerBound, decay)) }
      segments.append((range, 0))
      end = range.upperBound
    }
    if end < count { segments.append((end..<count, decay)) }
    self.segments = segments
  }

  /// The momentum of every weight, for checkpoints; not to be used while a lane updates.
  public var momentum: [Float] {
    get { storage.array }
    set { storage.assign(newValue) }
  }

  /// Updates all weights.
  public func update(
    values: UnsafeMutableBufferPointer<Float>, gradients: UnsafeBufferPointer<Float>,
    learningRate: Float, gradientScale: Float = 1
  ) {
    unsafe update(
      range: 0..<storage.count, values: values, gradients: gradients, learningRate: learningRate,
      gradientScale: gradientScale)
  }

  /// Updates the weights of a range, one lane's share.
  ///
  /// - Parameters:
  ///   - range: within the whole buffers.
  ///   - values: all weights.
  ///   - gradients: all gradients.
  ///   - learningRate: η.
  ///   - gradientScale: a factor on the gradient before all else, for clipping.
  public func update(
    range: Range<Int>, values: UnsafeMutableBufferPointer<Float>,
    gradients: UnsafeBufferPointer<Float>, learningRate: Float, gradientScale: Float = 1
  ) {
    precondition(
      values.count == storage.count && gradients.count == storage.count
        && range.lowerBound >= 0 && range.upperBound <= storage.count,
      "\(range) of \(values.count) weights and \(gradients.count) gradients for \(storage.count)")
    let (friction, nesterov) = (Float(settings.momentum), settings.nesterov)
    let momentum = unsafe storage.buffer
    for segment in segments where segment.range.overlaps(range) {
      let decay = segment.decay
      for index in segment.range.clamped(to: range) {
        let weight = unsafe values[index]
        let gradient = unsafe gradients[index] * gradientScale + decay * weight
        let velocity = unsafe friction * momentum[index] + gradient
        unsafe momentum[index] = velocity
        let direction = nesterov ? gradient + friction * velocity : velocity
        unsafe values[index] = weight - learningRate * direction
      }
    }
  }
}
