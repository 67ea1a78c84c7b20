public import Tensors

/// Subtracts a mean that was fitted on the gallery, so that what all videos share no longer makes
/// them similar.
public struct Centring: Sendable {
  /// The mean row.
  let mean: [Double]

  /// Takes the mean of N·D rows, summed in their order in double precision.
  public init(fitting rows: Matrix) {
    var sums = [Double](repeating: 0, count: rows.columns)
    for row in 0..<rows.rows {
      for (column, value) in rows.row(row).enumerated() { sums[column] += Double(value) }
    }
    mean = sums.map { $0 / Double(max(rows.rows, 1)) }
  }

  /// The rows without the mean, of unit length.
  public func apply(to rows: Matrix) -> Matrix {
    var result = rows
    for row in 0..<rows.rows {
      for column in 0..<rows.columns {
        result[row, column] = Float(Double(rows[row, column]) - mean[column])
      }
    }
    return result.unitRows()
  }
}
