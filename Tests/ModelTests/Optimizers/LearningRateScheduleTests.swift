import Testing

@testable import Model

struct LearningRateScheduleTests {
  struct Course: Decodable, Sendable {
    let schedule: OptimizerSettings.Schedule
    let warmupSteps: Int
    let drops: [Double]
    let perVideos: Int
    let videos: Int
    let totalSteps: Int
    let rates: [Double]
  }
  struct Numbers: Decodable { let schedules: [Course] }

  static func courses() throws -> [Course] {
    try pyTorchNumbers("optimizers", as: Numbers.self).schedules
  }

  @Test("Learning rates are those of LambdaLR and MultiStepLR", arguments: try courses())
  func rates(_ course: Course) {
    var settings = OptimizerSettings()
    settings.schedule = course.schedule
    settings.warmupSteps = course.warmupSteps
    (settings.drops, settings.dropFactor) = (course.drops, 0.2)
    settings.perVideos = course.perVideos
    let schedule = LearningRateSchedule(settings, videosPerStep: course.videos)
    for (step, rate) in course.rates.enumerated() {
      let ours = schedule.learningRate(step: step, totalSteps: course.totalSteps)
      #expect(abs(Double(ours) - rate) < 1e-7 * rate, "step \(step)")
    }
    let end = schedule.learningRate(step: course.totalSteps, totalSteps: course.totalSteps)
    #expect((end == 0) == (course.schedule == .cosine))
  }

  @Test("The rate is scaled in proportion to the batch, on request")
  func linearScaling() {
    var settings = OptimizerSettings()
    (settings.schedule, settings.warmupSteps, settings.learningRate) = (.constant, 0, 0.5)
    func rate(videos: Int) -> Float {
      LearningRateSchedule(settings, videosPerStep: videos).learningRate(step: 0, totalSteps: 9)
    }
    #expect(rate(videos: 64) == 0.5)
    settings.perVideos = 256
    #expect(rate(videos: 256) == 0.5)
    #expect(rate(videos: 64) == 0.125)
    #expect(rate(videos: 1024) == 2)
  }
}
