internal import Tensors

extension RowSpace {
  /// Takes rows in double precision, rounding none, unless a centre is taken off.
  ///
  /// Where squares might overflow or vanish, they are first multiplied by powers of two: each by its own
  /// for cosines, all by one for Euclidean distances.
  ///
  /// - Parameter isCentred: whether Euclidean rows stand about their mean, where single precision tells them
  ///   apart best.
  /// - Throws: `ClusteringError` for rows that are not finite, then for rows without a direction, or so large
  ///   that distances would not be finite.
  init(
    _ doubles: consuming DoubleMatrix, metric: Metric, isCentred: Bool
  ) throws(ClusteringError) {
    let largest = Self.largestSizes(in: doubles)
    let (count, width) = (doubles.rows, doubles.columns)
    let notFinite = largest.indices.filter { !largest[$0].isFinite }
    guard notFinite.isEmpty else {
      throw ClusteringError(fault: .notFinite, rows: notFinite, count: count)
    }
    var scales: [Double]
    var centre = [Double](repeating: 0, count: width)
    switch metric {
    case .cosine:
      let zero = largest.indices.filter { largest[$0] == 0 }
      guard zero.isEmpty else { throw ClusteringError(fault: .zero, rows: zero, count: count) }
      scales = largest.map(Self.scale)
    case .euclidean:
      let tooLarge = largest.indices.filter { largest[$0] > 1e300 }
      guard tooLarge.isEmpty else {
        throw ClusteringError(fault: .tooLarge, rows: tooLarge, count: count)
      }
      scales = [Double](repeating: Self.scale(largest.max() ?? 0), count: count)
      for row in 0..<(isCentred ? count : 0) {
        for column in 0..<width {
          centre[column] += doubles.values[row * width + column] * scales[row] / Double(count)
        }
      }
    }
    var squares = [Double](repeating: 0, count: count)
    var (highs, lows) = ([Float](), [Float]())
    highs.reserveCapacity(count * width)
    lows.reserveCapacity(count * width)
    for row in 0..<count {
      for column in 0..<width {
        // The sign of zeros tells no rows apart.
        let value = doubles.values[row * width + column] * scales[row] - centre[column] + 0
        squares[row] += value * value
        highs.append(Float(bitPattern: UInt32(truncatingIfNeeded: value.bitPattern >> 32)))
        lows.append(Float(bitPattern: UInt32(truncatingIfNeeded: value.bitPattern)))
      }
    }
    self.metric = metric
    self.centre = [Double](repeating: 0, count: width)
    rows = Matrix(rows: count, columns: width, values: highs)
    self.lows = Matrix(rows: count, columns: width, values: lows)
    switch metric {
    case .cosine:
      factors = squares.map { 1 / $0.squareRoot() }
      unit = 1
    case .euclidean:
      let length = (squares.max() ?? 0).squareRoot()
      let bound =
        length > 0 ? Double(sign: .plus, exponent: length.exponent + 1, significand: 1) : 1
      factors = [Double](repeating: 1 / bound, count: count)
      unit = bound / (scales.first ?? 1)
    }
  }

  /// The size of every row's largest element; infinity where one is not finite.
  private static func largestSizes(in doubles: borrowing DoubleMatrix) -> [Double] {
    (0..<doubles.rows).map { row in
      var largest = 0.0
      for place in row * doubles.columns..<(row + 1) * doubles.columns {
        let size = abs(doubles.values[place])
        if !(size <= largest) { largest = size.isNaN ? .infinity : size }
      }
      return largest
    }
  }

  /// A power of two that brings a size near 1, where it is far from it.
  private static func scale(_ size: Double) -> Double {
    guard size > 0, abs(size.exponent) > 400 else { return 1 }
    return Double(sign: .plus, exponent: -max(size.exponent, -1022), significand: 1)
  }
}
