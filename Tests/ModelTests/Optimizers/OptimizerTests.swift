import Tensors
import Testing

@testable import Model

struct OptimizerTests {
  struct Numbers: Decodable {
    struct Trajectory: Decodable {
      let momentum: Double
      let nesterov: Bool
      let weightDecay: Double
      let learningRate: Float
      let weights: [[Double]]
    }
    struct Course: Decodable {
      let cosine: Bool
      let warmupSteps: Int
      let totalSteps: Int
      let rates: [Double]
    }
    struct Clipping: Decodable {
      let norm: Double
      let clipped: [Double]
    }
    let trajectories: [Trajectory]
    let schedules: [Course]
    let clipping: Clipping
  }

  private func step(
    _ optimizer: SGD, _ weights: inout [Float], _ gradients: [Float], cutAt cuts: [Int] = [],
    rate: Float = 0.1
  ) {
    let bounds = [0] + cuts + [weights.count]
    unsafe weights.withUnsafeMutableBufferPointer { weights in
      unsafe gradients.withUnsafeBufferPointer { gradients in
        for (low, high) in zip(bounds, bounds.dropFirst()) {
          unsafe optimizer.update(
            range: low..<high, values: weights, gradients: gradients, learningRate: rate)
        }
      }
    }
  }

  @Test("Ten steps of SGD follow PyTorch's")
  func trajectories() throws {
    for run in try pyTorchNumbers("optimizers", as: Numbers.self).trajectories {
      var settings = OptimizerSettings()
      settings.momentum = run.momentum
      settings.nesterov = run.nesterov
      settings.weightDecay = run.weightDecay
      let optimizer = SGD(settings, count: 11)
      var weights = closedForm(rows: 1, columns: 11, from: 0).values
      for (number, expected) in run.weights.enumerated() {
        let forces = closedForm(rows: 1, columns: 11, from: 100 * (number + 1)).values
        let gradients = zip(forces, weights).map { $0 + 0.5 * $1 }
        step(optimizer, &weights, gradients, rate: run.learningRate)
        #expect(relativeDeviation(weights, from: expected) < 1e-6)
      }
    }
  }

  @Test("The bits do not depend on how the weights are cut among lanes")
  func cuts() {
    var settings = OptimizerSettings()
    settings.nesterov = true
    settings.decayNormAndBias = false
    let ranges = [3..<5, 5..<9, 700..<1000]
    let (whole, cut) = (
      SGD(settings, count: 1000, normAndBias: ranges),
      SGD(settings, count: 1000, normAndBias: ranges)
    )
    var a = closedForm(rows: 1, columns: 1000, from: 0).values
    var b = a
    for number in 1..<4 {
      let gradients = closedForm(rows: 1, columns: 1000, from: 1000 * number).values
      step(whole, &a, gradients)
      step(cut, &b, gradients, cutAt: [1, 4, 4, 37, 801])
    }
    #expect(a == b)
    #expect(whole.momentum == cut.momentum)
  }

  @Test("Norms and biases decay only on request")
  func decay() {
    var settings = OptimizerSettings()
    settings.momentum = 0
    settings.weightDecay = 1
    for decays in [true, false] {
      settings.decayNormAndBias = decays
      var weights: [Float] = [1, 1, 1, 1]
      step(SGD(settings, count: 4, normAndBias: [1..<3]), &weights, [0, 0, 0, 0])
      #expect(weights == (decays ? [0.9, 0.9, 0.9, 0.9] : [0.9, 1, 1, 0.9]))
    }
  }

  @Test("Momentum goes to a checkpoint and back")
  func checkpoint() {
    let (first, second) = (SGD(.init(), count: 3), SGD(.init(), count: 3))
    var a: [Float] = [1, 2, 3]
    step(first, &a, [1, -1, 0.5])
    second.momentum = first.momentum
    var b = a
    step(first, &a, [0, 1, 2])
    step(second, &b, [0, 1, 2])
    #expect(a == b)
  }

  @Test("Learning rates are LambdaLR's")
  func schedules() throws {
    for course in try pyTorchNumbers("optimizers", as: Numbers.self).schedules {
      var settings = OptimizerSettings()
      settings.schedule = course.cosine ? .cosine : .constant
      settings.warmupSteps = course.warmupSteps
      let schedule = LearningRateSchedule(settings)
      for (number, rate) in course.rates.enumerated() {
        let ours = schedule.learningRate(step: number, totalSteps: course.totalSteps)
        #expect(abs(Double(ours) - rate) < 1e-7 * rate)
      }
      let end = schedule.learningRate(step: course.totalSteps, totalSteps: course.totalSteps)
      #expect(end == (course.cosine ? 0 : 0.05))
    }
  }

  @Test("Clipping is clip_grad_norm_'s")
  func clipping() throws {
    let expected = try pyTorchNumbers("optimizers", as: Numbers.self).clipping
    var settings = OptimizerSettings()
    settings.gradientClip = 1
    let gradients = closedForm(rows: 1, columns: 11, from: 0).values.map { 10 * $0 }
    let squares = unsafe gradients.withUnsafeBufferPointer { gradients in
      (0..<GradientNorm.blockCount(of: gradients.count)).map {
        unsafe GradientNorm.squares(ofBlock: $0, in: gradients)
      }
    }
    let norm = GradientNorm.norm(ofBlockSquares: squares)
    #expect(abs(norm - expected.norm) < 1e-5)
    let scale = settings.gradientScale(norm: norm)
    #expect(relativeDeviation(gradients.map { $0 * scale }, from: expected.clipped) < 1e-6)
    #expect(settings.gradientScale(norm: 0.5) == 1)
    #expect(OptimizerSettings().gradientScale(norm: 1e9) == 1)
  }

  @Test("Settings out of range are refused")
  func ranges() {
    let changes: [@Sendable (inout OptimizerSettings) -> Void] = [
      { $0.learningRate = 0 }, { $0.momentum = 1 }, { $0.weightDecay = -1 },
      { $0.warmupSteps = -1 }, { $0.gradientClip = -1 },
      {
        $0.momentum = 0
        $0.nesterov = true
      },
    ]
    for change in changes {
      var settings = OptimizerSettings()
      change(&settings)
      #expect(throws: ModelError.self) { try settings.validate() }
    }
    #expect(throws: Never.self) { try OptimizerSettings().validate() }
  }
}
