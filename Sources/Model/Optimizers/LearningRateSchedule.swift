import Foundation

/// The learning rate as a pure function of the step.
///
/// With s the step from 0, S all steps of the run and w the warm-up steps:
///
///     rate(s) = base · min(1, (s + 1) / w) · ½ (1 + cos(π s / S))
///
/// the last factor only for the cosine (Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without
/// restarts); the usual `LambdaLR` of PyTorch. Computed in double precision, rounded once.
public struct LearningRateSchedule: Sendable, Equatable {
  private let base: Double
  private let warmupSteps: Int
  private let schedule: OptimizerSettings.Schedule

  /// Takes base rate, warm-up and course from the settings.
  public init(_ settings: OptimizerSettings) {
    base = settings.learningRate
    warmupSteps = settings.warmupSteps
    schedule = settings.schedule
  }

  /// The rate of a step of a run of `totalSteps`; beyond its end, a cosine's rate stays zero.
  public func learningRate(step: Int, totalSteps: Int) -> Float {
    let rise = warmupSteps > 0 ? min(1, Double(step + 1) / Double(warmupSteps)) : 1
    switch schedule {
    case .constant:
      return Float(base * rise)
    case .cosine:
      let progress = min(Double(step) / Double(max(totalSteps, 1)), 1)
      return Float(base * rise * 0.5 * (1 + cos(Double.pi * progress)))
    }
  }
}
