internal import Synchronization
public import Tensors

/// Moves all weights along their gradients by one of four rules, as PyTorch computes them.
///
/// Lanes update disjoint pieces at the same time, element by element, so the bits do not depend on
/// the lanes. `Optimizer+Rules.swift` has the formulas.
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

  /// A part of a tensor that one lane updates.
  struct Piece {
    let tensor: Int
    let range: Range<Int>
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
  /// From the last tensor to the first: deep layers are the largest, and what follows the update of
  /// one should not come last.
  let pieces: [Piece]
  /// The smoothed gradient of every weight.
  let momentum: AlignedStorage
  /// `adamw` and `adam`: the smoothed square of every weight's gradient; otherwise empty.
  let squares: AlignedStorage
  /// The steps taken.
  private(set) var steps = 0
  private let count: Int
  private let piecesOfTensors: [Int]
  /// `lars` sums squares piece by piece: another length would give other bits.
  private static let pieceLength = 65_536

  /// Creates an optimiser whose memory is all zero.
  ///
  /// - Parameters:
  ///   - settings: the rule and its knobs; rate, schedule, clipping and average are the caller's.
  ///   - layout: the tensors that the flat buffers hold.
  public init(_ settings: OptimizerSettings, layout: ParameterLayout) {
    self.settings = settings
    count = layout.parameterCount
    momentum = AlignedStorage(count: count)
    squares = AlignedStorage(count: settings.name.isAdaptive ? count : 0)
    tensors = layout.parameters.map { entry in
      let isVector = entry.shape.count == 1
      let decays = settings.decayNormAndBias || !isVector
      return Tensor(
        range: entry.range, decay: decays ? Float(settings.weightDecay) : 0, isAdapted: !isVector)
    }
    let cut = tensors.enumerated().map { number, tensor in
      stride(from: tensor.range.lowerBound, to: tensor.range.upperBound, by: Self.pieceLength).map {
        Piece(tensor: number, range: $0..<min($0 + Self.pieceLength, tensor.range.upperBound))
      }
    }
    piecesOfTensors = cut.map(\.count)
    pieces = Array(cut.reversed().joined())
  }

  /// Updates all weights.
  ///
  /// - Parameters:
  ///   - values: the weights.
  ///   - gradients: their gradients; what follows them in the buffer is not looked at.
  ///   - learningRate: η.
  ///   - gradientScale: a factor on the gradient before all else, for clipping.
  ///   - finish: called with the number of each of the layout's parameters as soon as all of it is
  ///     updated, by the lane that did the last of it; so by several lanes at a time.
  public func update(
    _ values: AlignedStorage, along gradients: AlignedStorage, learningRate: Float,
    gradientScale: Float = 1, lanes: LanePool,
    then finish: @Sendable (_ parameter: Int) -> Void = { _ in }
  ) throws {
    precondition(
      values.count == count && gradients.count >= count,
      "\(values.count) weights and \(gradients.count) gradients for \(count)")
    steps += 1
    let rates =
      settings.name == .lars
      ? try trustRatios(values, gradients, scale: gradientScale, lanes: lanes)
      : [Float](repeating: 1, count: tensors.count)
    let step = Step(
      values: values, gradients: gradients, learningRate: learningRate,
      gradientScale: gradientScale)
    let left = Mutex(piecesOfTensors)
    try lanes.forEach(pieces.count) { [self] index in
      let piece = pieces[index]
      let decay = tensors[piece.tensor].decay
      switch settings.name {
      case .sgd, .lars: descend(piece.range, decay: decay, trust: rates[piece.tensor], step)
      case .adamw: descendAdaptively(piece.range, pull: 0, shrinking: decay, step)
      case .adam: descendAdaptively(piece.range, pull: decay, shrinking: 0, step)
      }
      let isLast = left.withLock { left in
        left[piece.tensor] -= 1
        return left[piece.tensor] == 0
      }
      if isLast { finish(piece.tensor) }
    }
  }

  /// What outlives a step, for checkpoints.
  public struct State: Sendable, Equatable {
    /// The steps taken.
    public var steps: Int
    /// Smoothed gradients by weight.
    public var momentum: [Float]
    /// Smoothed squares by weight; empty unless the rule is `adamw` or `adam`.
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
