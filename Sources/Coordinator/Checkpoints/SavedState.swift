internal import Model
internal import Tensors

extension SafeTensors {
  /// An optimiser's memory as tensors.
  init(_ state: Optimizer.State) {
    self.init([
      Entry("steps", shape: [1], values: .integers([Int64(state.steps)])),
      Entry("momentum", shape: [state.momentum.count], values: .floats(state.momentum)),
      Entry("squares", shape: [state.squares.count], values: .floats(state.squares)),
    ])
  }

  /// The memory that they hold; nil where one is missing.
  var optimizerState: Optimizer.State? {
    guard let steps = integers("steps")?.first, let momentum = floats("momentum"),
      let squares = floats("squares")
    else { return nil }
    return Optimizer.State(steps: Int(steps), momentum: momentum, squares: squares)
  }

  /// An objective's memory as tensors.
  init(_ state: ObjectiveState) {
    self.init(
      state.arrays.map { Entry($0.key, shape: [$0.value.count], values: .floats($0.value)) }
        + state.integers.map {
          Entry($0.key, shape: [$0.value.count], values: .integers($0.value.map(Int64.init)))
        })
  }

  /// The memory that they hold.
  var objectiveState: ObjectiveState {
    var state = ObjectiveState()
    for entry in entries {
      switch entry.values {
      case .floats(let values): state.arrays[entry.name] = values
      case .integers(let values): state.integers[entry.name] = values.map(Int.init)
      }
    }
    return state
  }
}
