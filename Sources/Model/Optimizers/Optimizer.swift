public import Tensors

/// Moves all weights along their gradients by one of three rules, as PyTorch computes them.
///
/// Lanes update disjoint ranges at the same time, element by element, so the bits do not depend on
/// how the weights are cut. `Optimizer+Rules.swift` has the formulas.
///
/// `@unchecked Sendable`: lanes write disjoint ranges of the memory; `steps` and `state` are written
/// only while no lane runs.
public final class Optimizer: @unchecked Sendable {
  /// A named tensor's place, and how the rule treats it.
  struct Tensor {
    let range: Range<Int>
    let decay: Float
    /// Whether `lars` gives it a rate of its own; batch norms and biases have none.
    let isAdapted: Bool
  }

  /// One step's operands.
  struct Step {
    let values: AlignedStorage
    let gradients: AlignedStorage
    let learningRate: Float
    let gradientScale: Float
  }

  let settings: OptimizerSettings
  let tensors: [Tensor]
  /// The smoothed gradient of every weight.
  let momentum: AlignedStorage
  /// `adamw`: the smoothed square of every weight's gradient; otherwise empty.
  let squares: AlignedStorage
  /// The steps taken.
  private(set) var steps = 0
  private let count: Int

  /// Creates an optimiser whose memory is all zero.
  ///
  /// - Parameters:
  ///   - settings: the rule and its knobs; rate, schedule, clipping and average are the caller's.
  ///   - layout: the tensors that the flat buffers hold.
  public init(_ settings: OptimizerSettings, layout: ParameterLayout) {
    self.settings = settings
    count = layout.parameterCount
    momentum = AlignedStorage(count: count)
    squares = AlignedStorage(count: settings.name == .adamw ? count : 0)
    tensors = layout.parameters.map { entry in
      let isVector = entry.shape.count == 1
      let decays = settings.decayNormAndBias || !isVector
      return Tensor(
        range: entry.range, decay: decays ? Float(settings.weightDecay) : 0, isAdapted: !isVector)
    }
  }

  /// Updates all weights.
  ///
  /// - Parameters:
  ///   - values: the weights.
  ///   - gradients: their gradients; what follows them in the buffer is not looked at.
  ///   - learningRate: η.
  ///   - gradientScale: a factor on the gradient before all else, for clipping.
  public func update(
    _ values: AlignedStorage, along gradients: AlignedStorage, learningRate: Float,
    gradientScale: Float = 1, lanes: LanePool
  ) throws {
    precondition(
      values.count == count && gradients.count >= count,
      "\(values.count) weights and \(gradients.count) gradients for \(count)")
    steps += 1
    let rates =
      settings.name == .lars
      ? try trustRatios(values, gradients, scale: gradientScale, lanes: lanes)
      : [Float](repeating: 1, count: tensors.count)
    try lanes.run { [self] lane in
      let share = lane * count / lanes.count..<(lane + 1) * count / lanes.count
      let step = Step(
        values: values, gradients: gradients, learningRate: learningRate,
        gradientScale: gradientScale)
      for (tensor, rate) in zip(tensors, rates) where tensor.range.overlaps(share) {
        let range = tensor.range.clamped(to: share)
        switch settings.name {
        case .sgd, .lars: descend(range, decay: tensor.decay, trust: rate, step)
        case .adamw: descendAdaptively(range, decay: tensor.decay, step)
        }
      }
    }
  }

  /// What outlives a step, for checkpoints.
  public struct State: Sendable, Equatable {
    /// The steps taken.
    public var steps: Int
    /// Smoothed gradients by weight.
    public var momentum: [Float]
    /// Smoothed squares by weight; empty unless the rule is `adamw`.
    public var squares: [Float]

    /// Creates a state.
    public init(steps: Int, momentum: [Float], squares: [Float]) {
      self.steps = steps
      self.momentum = momentum
      self.squares = squares
    }
  }

  /// The memory; not to be used while a lane updates.
  public var state: State {
    get { State(steps: steps, momentum: momentum.array, squares: squares.array) }
    set {
      steps = newValue.steps
      momentum.assign(newValue.momentum)
      squares.assign(newValue.squares)
    }
  }
}
