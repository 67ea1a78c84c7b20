import Tensors

/// Rows scaled to unit length, with the way back for gradients.
struct UnitRows {
  /// The unit rows, N×D; a row of zeros stays zero.
  let unit: Matrix
  /// The lengths before scaling, N.
  let lengths: [Double]

  /// Scales each row x to z = x / |x|.
  init(_ rows: Matrix) {
    var lengths: [Double] = []
    lengths.reserveCapacity(rows.rows)
    for row in 0..<rows.rows { lengths.append(Self.dot(rows, rows, row).squareRoot()) }
    var values = rows.values
    var output = values.mutableSpan
    for row in 0..<rows.rows where lengths[row] > 0 {
      let scale = 1 / lengths[row]
      for index in row * rows.columns..<(row + 1) * rows.columns {
        output[index] = Float(Double(output[index]) * scale)
      }
    }
    self.lengths = lengths
    unit = Matrix(rows: rows.rows, columns: rows.columns, values: values)
  }

  /// Whether a row has a direction: its length is neither zero nor infinite nor NaN.
  func hasDirection(_ row: Int) -> Bool { lengths[row] > 0 && lengths[row].isFinite }

  /// Turns ∂loss/∂z into ∂loss/∂x = (g − (g·z) z) / |x|, times `scale`; zero where |x| is zero.
  func gradient(of unitGradient: Matrix, scale: Double) -> Matrix {
    var values = [Float](repeating: 0, count: unit.values.count)
    var output = values.mutableSpan
    let (z, g) = (unit.values.span, unitGradient.values.span)
    for row in 0..<unit.rows where lengths[row] > 0 {
      let along = Self.dot(unitGradient, unit, row)
      let factor = scale / lengths[row]
      for index in row * unit.columns..<(row + 1) * unit.columns {
        output[index] = Float((Double(g[index]) - along * Double(z[index])) * factor)
      }
    }
    return Matrix(rows: unit.rows, columns: unit.columns, values: values)
  }

  /// The product of one row of two matrices, summed in four interleaved partial sums of doubles.
  private static func dot(_ a: Matrix, _ b: Matrix, _ row: Int) -> Double {
    let (x, y) = (a.values.span, b.values.span)
    let (first, end) = (row * a.columns, (row + 1) * a.columns)
    var sums = SIMD4<Double>.zero
    var index = first
    while index + 4 <= end {
      let left = SIMD4<Float>(x[index], x[index + 1], x[index + 2], x[index + 3])
      let right = SIMD4<Float>(y[index], y[index + 1], y[index + 2], y[index + 3])
      sums += SIMD4<Double>(left) * SIMD4<Double>(right)
      index += 4
    }
    var rest = 0.0
    while index < end {
      rest += Double(x[index]) * Double(y[index])
      index += 1
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
  }
}

extension Matrix {
  /// Cuts rows of all views, view after view, into one matrix a view.
  func split(into views: Int) -> [Matrix] {
    let count = values.count / max(views, 1)
    return (0..<views).map {
      Matrix(
        rows: rows / views, columns: columns, values: Array(values[$0 * count..<($0 + 1) * count]))
    }
  }
}
