import Tensors
import Testing

@testable import Model

/// Ten steps of 11 weights, a matrix and a bias, beside `Tests/Fixtures/pytorch/optimizers.json`.
struct OptimizerTests {
  struct Trajectory: Decodable, Sendable {
    let name: OptimizerSettings.Name
    let momentum: Double
    let nesterov: Bool
    let weightDecay: Double
    let decayNormAndBias: Bool
    let learningRate: Double
    let weights: [[Double]]

    var settings: OptimizerSettings {
      var settings = OptimizerSettings()
      settings.name = name
      settings.momentum = momentum
      settings.nesterov = nesterov
      settings.weightDecay = weightDecay
      settings.decayNormAndBias = decayNormAndBias
      return settings
    }
  }
  struct Clipping: Decodable {
    let norm: Double
    let clipped: [Double]
  }
  struct Numbers: Decodable {
    let trust: Double
    let trajectories: [Trajectory]
    let clip: Double
    let clippedTrajectory: Trajectory
    let clipping: Clipping
  }

  static func numbers() throws -> Numbers { try pyTorchNumbers("optimizers", as: Numbers.self) }

  /// A matrix of `rows` × 4 and a bias of 3.
  private static func layout(rows: Int = 2) -> ParameterLayout {
    var layout = ParameterLayout()
    _ = layout.addParameter("weight", [rows, 4], .convolution)
    _ = layout.addParameter("bias", [3], .zero)
    return layout
  }

  private static func storage(_ values: [Float]) -> AlignedStorage {
    let storage = AlignedStorage(count: values.count)
    storage.assign(values)
    return storage
  }

  /// The fixture's gradient at a step: a closed form, and a spring to zero.
  private static func gradient(step: Int, at weights: AlignedStorage) -> [Float] {
    let forces = closedForm(rows: 1, columns: weights.count, from: 100 * (step + 1)).values
    return zip(forces, weights.array).map { $0 + 0.5 * $1 }
  }

  private static func follow(
    _ run: Trajectory, _ settings: OptimizerSettings, clipping: Bool = false
  ) throws {
    let (optimizer, pool) = (Optimizer(settings, layout: layout()), LanePool(count: 1))
    let weights = storage(closedForm(rows: 1, columns: 11, from: 0).values)
    for (step, expected) in run.weights.enumerated() {
      let gradient = gradient(step: step, at: weights)
      let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      try optimizer.update(
        weights, along: storage(gradient),
        learningRate: Float(run.learningRate * (1 - 0.05 * Double(step))),
        gradientScale: clipping ? settings.gradientScale(norm: norm) : 1, lanes: pool)
      #expect(relativeDeviation(weights.array, from: expected) < 2e-6, "\(run.name), step \(step)")
    }
  }

  @Test(
    "Ten steps of SGD, LARS, AdamW and Adam follow PyTorch's",
    arguments: try numbers().trajectories)
  func trajectories(_ run: Trajectory) throws {
    var settings = run.settings
    settings.trust = try Self.numbers().trust
    try Self.follow(run, settings)
  }

  @Test("Ten steps with a clipped gradient follow PyTorch's")
  func clippedTrajectory() throws {
    let numbers = try Self.numbers()
    var settings = numbers.clippedTrajectory.settings
    settings.gradientClip = numbers.clip
    try Self.follow(numbers.clippedTrajectory, settings, clipping: true)
  }

  @Test("The bits do not depend on the lanes", arguments: OptimizerSettings.Name.allCases)
  func lanes(_ name: OptimizerSettings.Name) throws {
    var settings = OptimizerSettings()
    settings.name = name
    settings.decayNormAndBias = false
    let layout = Self.layout(rows: 40_000)  // more than one piece
    let optimizers = (0..<2).map { _ in Optimizer(settings, layout: layout) }
    let start = closedForm(rows: 1, columns: layout.parameterCount, from: 0).values
    let weights = (0..<2).map { _ in Self.storage(start) }
    let pools = [LanePool(count: 1), LanePool(count: 3)]
    for step in 0..<3 {
      for index in 0..<2 {
        try optimizers[index].update(
          weights[index], along: Self.storage(Self.gradient(step: step, at: weights[index])),
          learningRate: 0.1, lanes: pools[index])
      }
    }
    #expect(weights[0].array == weights[1].array)
    #expect(weights[0].array != start)
    #expect(optimizers[0].state == optimizers[1].state)
  }

  @Test("Says of every tensor once that all of it is updated", arguments: [1, 3])
  func finishing(lanes: Int) throws {
    let layout = Self.layout(rows: 40_000)
    let optimizer = Optimizer(OptimizerSettings(), layout: layout)
    let start = closedForm(rows: 1, columns: layout.parameterCount, from: 0).values
    let weights = Self.storage(start)
    let gradient = Self.storage([Float](repeating: 1, count: start.count))
    let finished = Results(0, count: layout.parameters.count)
    try optimizer.update(
      weights, along: gradient, learningRate: 0.1, lanes: LanePool(count: lanes)
    ) { parameter in
      let isUpdated = layout.parameters[parameter].range.allSatisfy { index in
        unsafe weights.base[index] != start[index]
      }
      finished[parameter] += isUpdated ? 1 : 100
    }
    #expect(finished.values.allSatisfy { $0 == 1 }, "\(finished.values)")
  }

  @Test("The memory goes to a checkpoint and back", arguments: OptimizerSettings.Name.allCases)
  func checkpoint(_ name: OptimizerSettings.Name) throws {
    var settings = OptimizerSettings()
    settings.name = name
    let pool = LanePool(count: 1)
    let (first, second) = (
      Optimizer(settings, layout: Self.layout()), Optimizer(settings, layout: Self.layout())
    )
    let a = Self.storage(closedForm(rows: 1, columns: 11, from: 0).values)
    try first.update(
      a, along: Self.storage(Self.gradient(step: 0, at: a)), learningRate: 0.1, lanes: pool)
    second.state = first.state
    let b = Self.storage(a.array)
    for (optimizer, weights) in [(first, a), (second, b)] {
      try optimizer.update(
        weights, along: Self.storage(Self.gradient(step: 1, at: weights)), learningRate: 0.1,
        lanes: pool)
    }
    #expect(a.array == b.array)
    #expect(first.state.squares.isEmpty == (name == .sgd || name == .lars))
  }

  @Test("LARS leaves a tensor of zeros, or without a gradient, at the base rate")
  func trustOfZeros() throws {
    var settings = OptimizerSettings()
    (settings.name, settings.weightDecay, settings.momentum) = (.lars, 0, 0)
    let pool = LanePool(count: 1)
    for (weight, gradient, expected) in [(0, 1, -0.5), (1, 0, 1)] as [(Float, Float, Float)] {
      let weights = Self.storage([Float](repeating: weight, count: 11))
      try Optimizer(settings, layout: Self.layout()).update(
        weights, along: Self.storage([Float](repeating: gradient, count: 11)), learningRate: 0.5,
        lanes: pool)
      #expect(weights.array.allSatisfy { $0 == expected })
    }
  }

  @Test("Clipping is clip_grad_norm_'s")
  func clipping() throws {
    let expected = try Self.numbers().clipping
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

  @Test("Settings out of range are refused by name")
  func ranges() {
    let changes: [(String, @Sendable (inout OptimizerSettings) -> Void)] = [
      ("learningRate", { $0.learningRate = 0 }), ("perVideos", { $0.perVideos = -1 }),
      ("momentum", { $0.momentum = 1 }), ("secondMomentum", { $0.secondMomentum = 1 }),
      ("epsilon", { $0.epsilon = 0 }), ("trust", { $0.trust = 0 }),
      ("weightDecay", { $0.weightDecay = -1 }), ("drops", { $0.drops = [0.5, 0.5] }),
      ("drops", { $0.drops = [1] }), ("dropFactor", { $0.dropFactor = 0 }),
      ("warmupSteps", { $0.warmupSteps = -1 }), ("gradientClip", { $0.gradientClip = -1 }),
      ("averageDecay", { $0.averageDecay = 1 }),
      ("momentum", { ($0.momentum, $0.nesterov) = (0, true) }),
      ("nesterov", { ($0.name, $0.nesterov) = (.adamw, true) }),
      ("nesterov", { ($0.name, $0.nesterov) = (.adam, true) }),
    ]
    for (field, change) in changes {
      var settings = OptimizerSettings()
      change(&settings)
      let error = #expect(throws: ModelError.self) { try settings.validate() }
      #expect(error?.reason.hasPrefix("optimizer.\(field) is ") == true)
    }
    #expect(throws: Never.self) { try OptimizerSettings().validate() }
  }
}
