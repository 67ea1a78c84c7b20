// `unsafe` is sound here because every operand is sized from the same layer.

/// A linear layer of the head with operands of its own, in all directions.
@safe
final class LinearProbe: KernelProbe {
  let name: String
  let directions: [KernelDirection]
  private let layer: Linear
  private let x, y, dx, dy, weights, bias, weightsGradient, biasGradient: ProbeOperand

  init(_ name: String, _ layer: Linear, for purpose: KernelCheck.Purpose) {
    self.name = name
    self.layer = layer
    directions = purpose.directions
    let matrix = layer.inputs * layer.outputs
    (x, dx) = (ProbeOperand(layer.rows * layer.inputs), ProbeOperand(layer.rows * layer.inputs))
    (y, dy) = (ProbeOperand(layer.rows * layer.outputs), ProbeOperand(layer.rows * layer.outputs))
    (weights, weightsGradient) = (ProbeOperand(matrix), ProbeOperand(matrix))
    (bias, biasGradient) = (ProbeOperand(layer.outputs), ProbeOperand(layer.outputs))
  }

  var shape: String { "\(layer.rows)×\(layer.inputs) → \(layer.outputs)" }
  func implementation(_ direction: KernelDirection) -> String { "OpenBLAS" }
  func bound(_ direction: KernelDirection) -> Double { 5e-5 }

  func fill() {
    x.fill(0)
    weights.fill(1)
    bias.fill(2)
    dy.fill(3)
  }

  func result(_ direction: KernelDirection) -> ProbeOperand {
    switch direction {
    case .forward: y
    case .backwardData: dx
    case .backwardWeights: weightsGradient
    }
  }

  func written(by direction: KernelDirection) -> [ProbeOperand] {
    [result(direction)] + (direction == .backwardWeights ? [biasGradient] : [])
  }

  func run(_ direction: KernelDirection) {
    if direction == .forward {
      unsafe layer.forward(
        x.floats, weights: weights.floats, bias: bias.floats, into: y.floats)
    } else {
      unsafe layer.backward(
        dy.floats, x: x.floats, weights: weights.floats, into: dx.floats,
        weightsGradient: weightsGradient.floats, biasGradient: biasGradient.floats)
    }
  }

  func largestError(_ direction: KernelDirection) -> Double {
    let (inputs, outputs) = (layer.inputs, layer.outputs)
    var worst = 0.0
    switch direction {
    case .forward:
      forEachPair(layer.rows, outputs) { row, output in
        var sum = ExpectedSum(bias[output])
        for i in 0..<inputs { sum.add(x[row * inputs + i] * weights[output * inputs + i]) }
        worst = max(worst, sum.error(of: y[row * outputs + output]))
      }
    case .backwardData:
      forEachPair(layer.rows, inputs) { row, input in
        var sum = ExpectedSum()
        for o in 0..<outputs { sum.add(dy[row * outputs + o] * weights[o * inputs + input]) }
        worst = max(worst, sum.error(of: dx[row * inputs + input]))
      }
    case .backwardWeights:
      forEachPair(outputs, inputs) { output, input in
        var (product, sum) = (ExpectedSum(), ExpectedSum())
        for row in 0..<layer.rows {
          product.add(dy[row * outputs + output] * x[row * inputs + input])
          sum.add(dy[row * outputs + output])
        }
        worst = max(
          worst, product.error(of: weightsGradient[output * inputs + input]),
          sum.error(of: biasGradient[output]))
      }
    }
    return worst
  }

  private func forEachPair(_ rows: Int, _ columns: Int, _ body: (Int, Int) -> Void) {
    for row in sampled(rows, most: 48) {
      for column in sampled(columns, most: 48) { body(row, column) }
    }
  }
}
