/// How weights follow their gradients: the update rule, its knobs and the learning rate's course.
public struct OptimizerSettings: Codable, Sendable, Equatable {
  /// The update rule; `Optimizer` has the formulas.
  public enum Name: String, Codable, Sendable, CaseIterable {
    /// Stochastic gradient descent with momentum.
    case sgd
    /// The same with a rate for each tensor, from the lengths of its weights and its gradient.
    case lars
    /// Adam with decay apart from the gradient; without decay it is Adam.
    case adamw
    /// Adam with decay in the gradient, as an L2 penalty.
    case adam

    /// Whether the rule smooths the squares of gradients as well.
    public var isAdaptive: Bool { self == .adamw || self == .adam }
  }

  /// The course of the learning rate after the warm-up.
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    /// The base rate throughout.
    case constant
    /// The base rate, multiplied by `dropFactor` at each of `drops`.
    case step
    /// Half a cosine, from the base rate to zero at the last step.
    case cosine
  }

  /// The update rule.
  public var name = Name.sgd
  /// The base learning rate.
  public var learningRate = 0.05
  /// The batch, in videos, that the base rate is for: it is scaled in proportion to `batch.videos`
  /// (Goyal et al., 2017, arXiv 1706.02677, section 2.1); 0 takes the rate as it is.
  public var perVideos = 0
  /// The share of the previous update's direction that is kept, 0 ..< 1; Adam's β₁.
  public var momentum = 0.9
  /// `adamw` and `adam`: the share of the earlier squares that is kept, β₂.
  public var secondMomentum = 0.999
  /// `adamw` and `adam`: what is added to the root of the squares.
  public var epsilon = 1e-8
  /// `lars`: the trust coefficient η.
  public var trust = 0.001
  /// `sgd` and `lars`: whether the gradient is looked up one momentum step ahead (Nesterov).
  public var nesterov = false
  /// λ: the factor of the L2 penalty's gradient in g + λ·w; with `adamw` the share of the rate by
  /// which weights shrink.
  public var weightDecay = 1e-4
  /// Whether batch-norm parameters and biases decay, too, as PyTorch's default does.
  public var decayNormAndBias = true
  /// The course of the learning rate after the warm-up.
  public var schedule = Schedule.cosine
  /// `step`: where the rate drops, as shares of the run's steps, ascending.
  public var drops = [0.5, 0.75]
  /// `step`: the factor on the rate at each drop.
  public var dropFactor = 0.1
  /// Over how many steps the rate rises linearly to the base rate; 0 starts at it.
  public var warmupSteps = 50
  /// The gradient norm above which the gradient is scaled down to it; 0 never scales.
  public var gradientClip = 0.0
  /// The share that a moving average of the weights keeps at each step, m in m·average + (1 − m)·w;
  /// 0 keeps no average.
  ///
  /// Objectives with momentum keys embed these with it.
  public var averageDecay = 0.0

  /// Creates the default settings.
  public init() {}

  /// Refuses values outside of their ranges.
  ///
  /// - Throws: `ModelError` with the field, the value and the range.
  public func validate() throws(ModelError) {
    try check(learningRate > 0 && learningRate.isFinite, "learningRate", learningRate, "above 0")
    try check(perVideos >= 0, "perVideos", perVideos, "at least 0")
    try check(0..<1 ~= momentum, "momentum", momentum, "at least 0 and below 1")
    try check(0..<1 ~= secondMomentum, "secondMomentum", secondMomentum, "at least 0 and below 1")
    try check(epsilon > 0 && epsilon.isFinite, "epsilon", epsilon, "above 0")
    try check(trust > 0 && trust.isFinite, "trust", trust, "above 0")
    try check(weightDecay >= 0 && weightDecay.isFinite, "weightDecay", weightDecay, "at least 0")
    try check(
      drops.allSatisfy { 0 < $0 && $0 < 1 } && zip(drops, drops.dropFirst()).allSatisfy(<),
      "drops", drops, "an ascending list of shares above 0 and below 1")
    try check(0 < dropFactor && dropFactor <= 1, "dropFactor", dropFactor, "above 0 and at most 1")
    try check(warmupSteps >= 0, "warmupSteps", warmupSteps, "at least 0")
    try check(
      !nesterov || !name.isAdaptive, "nesterov", nesterov, "false where name is \(name.rawValue)")
    try check(
      !nesterov || momentum > 0, "momentum", momentum, "above 0, since nesterov looks ahead by it")
    try check(gradientClip >= 0, "gradientClip", gradientClip, "at least 0")
    try check(0..<1 ~= averageDecay, "averageDecay", averageDecay, "at least 0 and below 1")
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
