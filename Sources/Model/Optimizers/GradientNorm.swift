// `unsafe` is sound here because indices stay within the checked bounds of the buffer.

/// The length of a gradient, computed so that the bits do not depend on who computes which part.
public enum GradientNorm {
  /// The number of elements whose squares one lane sums at a time.
  public static let blockLength = 65_536

  /// The number of blocks in a gradient of `count` elements.
  public static func blockCount(of count: Int) -> Int { (count + blockLength - 1) / blockLength }

  /// The sum of squares of one block, in double precision.
  public static func squares(ofBlock block: Int, in gradients: UnsafeBufferPointer<Float>) -> Double
  {
    let first = block * blockLength
    let end = min(first + blockLength, gradients.count)
    precondition(first >= 0 && first <= end, "no block \(block) in \(gradients.count) gradients")
    var sums = SIMD8<Double>.zero
    var index = first
    while index + 8 <= end {
      var values = SIMD8<Float>.zero
      for lane in 0..<8 { unsafe values[lane] = gradients[index + lane] }
      let wide = SIMD8<Double>(values)
      sums += wide * wide
      index += 8
    }
    var rest = 0.0
    while index < end {
      let value = unsafe Double(gradients[index])
      rest += value * value
      index += 1
    }
    return sums.sum() + rest
  }

  /// The norm from the sums of all blocks, in block order.
  public static func norm(ofBlockSquares squares: [Double]) -> Double {
    squares.reduce(0, +).squareRoot()
  }
}
