internal import Tensors

/// One over the Euclidean length of every row, in double precision; checks the rows on the way.
struct InverseNorms {
  let values: [Double]

  /// - Throws: `ClusteringError`, for rows that are not finite before rows that are zero.
  init(of rows: Matrix) throws(ClusteringError) {
    var zero: [Int] = []
    var notFinite: [Int] = []
    var values: [Double] = []
    values.reserveCapacity(rows.rows)
    for row in 0..<rows.rows {
      var squares = 0.0
      for column in row * rows.columns..<(row + 1) * rows.columns {
        let value = Double(rows.values[column])
        squares += value * value
      }
      if !squares.isFinite { notFinite.append(row) }
      if squares == 0 { zero.append(row) }
      values.append(1 / squares.squareRoot())
    }
    if !notFinite.isEmpty {
      throw ClusteringError(fault: .notFinite, rows: notFinite, count: rows.rows)
    }
    if !zero.isEmpty { throw ClusteringError(fault: .zero, rows: zero, count: rows.rows) }
    self.values = values
  }
}
