import Foundation

/// The learning rate as a pure function of the step.
///
/// With s the step from 0, S all steps of the run, w the warm-up steps and B the videos of a step:
///
///     rate(s) = base · B / perVideos · min(1, (s + 1) / w) · course(s)
///
/// The course is 1, or ½ (1 + cos(π s / S)) (Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5,
/// without restarts), or `dropFactor` to the power of the drops d with d·S ≤ s (PyTorch's
/// `MultiStepLR`). Computed in double precision, rounded once.
public struct LearningRateSchedule: Sendable, Equatable {
  private let settings: OptimizerSettings
  private let base: Double

  /// Takes base rate, warm-up and course from the settings.
  ///
  /// - Parameter videosPerStep: B; matters only with `perVideos`.
  public init(_ settings: OptimizerSettings, videosPerStep: Int) {
    self.settings = settings
    let scale =
      settings.perVideos > 0 ? Double(videosPerStep) / Double(settings.perVideos) : 1
    base = settings.learningRate * scale
  }

  /// The rate of a step of a run of `totalSteps`; beyond its end, a cosine's rate stays zero.
  public func learningRate(step: Int, totalSteps: Int) -> Float {
    let warmup = settings.warmupSteps
    let rise = warmup > 0 ? min(1, Double(step + 1) / Double(warmup)) : 1
    return Float(base * rise * course(step: step, totalSteps: totalSteps))
  }

  private func course(step: Int, totalSteps: Int) -> Double {
    switch settings.schedule {
    case .constant: return 1
    case .step:
      let passed = settings.drops.count { $0 * Double(totalSteps) <= Double(step) }
      return pow(settings.dropFactor, Double(passed))
    case .cosine:
      let progress = min(Double(step) / Double(max(totalSteps, 1)), 1)
      return 0.5 * (1 + cos(Double.pi * progress))
    }
  }
}
