/// How weights follow their gradients: SGD's knobs and the learning rate's course.
public struct OptimizerSettings: Codable, Sendable, Equatable {
  /// The course of the learning rate after the warm-up.
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    /// The base rate throughout.
    case constant
    /// Half a cosine, from the base rate to zero at the last step.
    case cosine
  }

  /// The base learning rate.
  public var learningRate = 0.05
  /// The share of the previous update's direction that is kept, 0 ..< 1.
  public var momentum = 0.9
  /// Whether the gradient is looked up one momentum step ahead (Nesterov).
  public var nesterov = false
  /// The factor of the L2 penalty's gradient, λ in g + λ·w.
  public var weightDecay = 1e-4
  /// Whether batch-norm parameters and biases decay, too, as PyTorch's default does.
  public var decayNormAndBias = true
  /// The course of the learning rate after the warm-up.
  public var schedule = Schedule.cosine
  /// Over how many steps the rate rises linearly to the base rate; 0 starts at it.
  public var warmupSteps = 50
  /// The gradient norm above which the gradient is scaled down to it; 0 never scales.
  public var gradientClip = 0.0

  /// Creates the default settings.
  public init() {}

  /// Refuses values outside of their ranges.
  ///
  /// - Throws: `ModelError` with the field, the value and the range.
  public func validate() throws(ModelError) {
    try check(learningRate > 0 && learningRate.isFinite, "learningRate", learningRate, "above 0")
    try check(momentum >= 0 && momentum < 1, "momentum", momentum, "at least 0 and below 1")
    try check(weightDecay >= 0 && weightDecay.isFinite, "weightDecay", weightDecay, "at least 0")
    try check(warmupSteps >= 0, "warmupSteps", warmupSteps, "at least 0")
    try check(
      !nesterov || momentum > 0, "momentum", momentum, "above 0, since nesterov looks ahead by it")
    try check(gradientClip >= 0, "gradientClip", gradientClip, "at least 0")
  }

  /// The factor on a gradient of the given norm that keeps it within `gradientClip`.
  ///
  /// clip / (norm + 10⁻⁶), at most 1, as `torch.nn.utils.clip_grad_norm_` has it.
  public func gradientScale(norm: Double) -> Float {
    guard gradientClip > 0 else { return 1 }
    return Float(min(1, gradientClip / (norm + 1e-6)))
  }

  private func check(
    _ holds: Bool, _ field: String, _ value: some CustomStringConvertible, _ range: String
  ) throws(ModelError) {
    if !holds { throw ModelError("optimizer.\(field) is \(value); it must be \(range)") }
  }
}
