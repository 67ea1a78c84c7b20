// `unsafe` is sound here because the callers' operands are sized from the counts given here.
internal import Tensors

/// A linear layer over N rows: y = x·Wᵀ + b, W being outputs·inputs.
struct Linear: Hashable {
  let rows, inputs, outputs: Int

  /// One product a row: in a product of several rows, BLAS sums the last ones in another order, and
  /// a clip's embedding would depend on its place in the batch.
  @unsafe
  func forward(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      let target = unsafe y + row * outputs
      unsafe target.update(from: bias, count: outputs)
      unsafe BLAS.multiply(
        1, outputs, inputs, x + row * inputs, inputs, false, weights, inputs, true, target, outputs,
        1, 1)
    }
  }

  /// Turns the gradient of y into that of x, and writes those of weights and bias.
  @unsafe
  func backward(
    _ dy: UnsafePointer<Float>, x: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>, weightsGradient: UnsafeMutablePointer<Float>,
    biasGradient: UnsafeMutablePointer<Float>
  ) {
    unsafe BLAS.multiply(
      outputs, inputs, rows, dy, outputs, true, x, inputs, false, weightsGradient, inputs, 1, 0)
    for output in 0..<outputs {
      var sum: Float = 0
      for row in 0..<rows { unsafe sum += dy[row * outputs + output] }
      unsafe biasGradient[output] = sum
    }
    unsafe BLAS.multiply(
      rows, inputs, outputs, dy, outputs, false, weights, inputs, false, dx, inputs, 1, 0)
  }
}
