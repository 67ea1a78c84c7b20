internal import Tensors

/// Rows in double precision, as the metric wants them: `(row − centre) · factor`.
///
/// Cosine: unit vectors. Euclidean: the rows about their mean, scaled by one power of two to lengths
/// of at most 1, so that no square overflows and products in single precision cancel little.
///
/// Rows given in single precision stay as they are. Of those in double precision the upper and the lower
/// 32 bits are kept, as `CPanels` has sums, with the centre taken off.
struct RowSpace {
  let metric: Metric
  /// The rows as given, or the upper words of doubles.
  let rows: Matrix
  /// The lower words of doubles.
  let lows: Matrix?
  /// What is taken off every row, D elements.
  let centre: [Double]
  /// What each row is multiplied by.
  let factors: [Double]
  /// What a distance in this space is multiplied by to be one of the rows as given.
  let unit: Double

  /// - Throws: `ClusteringError` for rows that are not finite, then for rows without a direction.
  init(_ rows: consuming Matrix, metric: Metric) throws(ClusteringError) {
    self.rows = rows
    lows = nil
    self.metric = metric
    let rows = self.rows
    let squares = Self.squares(of: rows)
    let notFinite = squares.indices.filter { !squares[$0].isFinite }
    guard notFinite.isEmpty else {
      throw ClusteringError(fault: .notFinite, rows: notFinite, count: rows.rows)
    }
    switch metric {
    case .cosine:
      let zero = squares.indices.filter { squares[$0] == 0 }
      guard zero.isEmpty else {
        throw ClusteringError(fault: .zero, rows: zero, count: rows.rows)
      }
      centre = [Double](repeating: 0, count: rows.columns)
      factors = squares.map { 1 / $0.squareRoot() }
      unit = 1
    case .euclidean:
      centre = Self.mean(of: rows)
      // A row is no farther from the mean than twice the longest row is long.
      let length = 2 * (squares.max() ?? 0).squareRoot()
      unit = length > 0 ? Double(sign: .plus, exponent: length.exponent + 1, significand: 1) : 1
      factors = [Double](repeating: 1 / unit, count: rows.rows)
    }
  }

  /// The rows alone, or the upper words and the lower ones.
  consuming func words() -> [Matrix] { [rows] + (lows.map { [$0] } ?? []) }

  /// Sums of squares; not finite where an element is not.
  private static func squares(of rows: Matrix) -> [Double] {
    (0..<rows.rows).map { row in
      var sum = 0.0
      for place in row * rows.columns..<(row + 1) * rows.columns {
        let value = Double(rows.values[place])
        sum += value * value
      }
      return sum
    }
  }

  private static func mean(of rows: Matrix) -> [Double] {
    var sum = [Double](repeating: 0, count: rows.columns)
    for row in 0..<rows.rows {
      for column in 0..<rows.columns {
        sum[column] += Double(rows.values[row * rows.columns + column])
      }
    }
    return sum.map { $0 / Double(max(rows.rows, 1)) }
  }
}
