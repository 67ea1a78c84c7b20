internal import Tensors

/// A row in double precision, cut into vectors of eight; what is missing at the end is zero.
struct DoubleRow: Sendable {
  private var parts: [SIMD8<Double>]

  init(width: Int) { parts = Array(repeating: .zero, count: (width + 7) / 8) }

  /// Takes numbers that are doubles already.
  init(_ values: [Double]) {
    self.init(width: values.count)
    for (index, value) in values.enumerated() { parts[index / 8][index % 8] = value }
  }

  /// Converts a row of a matrix.
  init(_ matrix: Matrix, row: Int) {
    self.init(width: matrix.columns)
    load(matrix, row: row)
  }

  /// Takes the place of another row of the same width.
  mutating func load(_ matrix: Matrix, row: Int) {
    let start = row * matrix.columns
    for part in parts.indices {
      let first = start + 8 * part
      let end = min(first + 8, start + matrix.columns)
      if end - first == 8 {
        var values = SIMD8<Double>.zero
        for place in 0..<8 { values[place] = Double(matrix.values[first + place]) }
        parts[part] = values
      } else {
        for index in first..<end { parts[part][index - first] = Double(matrix.values[index]) }
      }
    }
  }

  /// The product with another row of the same width: eight sums, element i in sum i mod 8, joined in
  /// pairs; its bits depend on the two rows alone, so equal rows tie wherever they stand.
  func product(_ other: DoubleRow) -> Double {
    precondition(parts.count == other.parts.count, "rows of two widths have no product")
    var sums = SIMD8<Double>.zero
    for part in parts.indices { sums += parts[part] * other.parts[part] }
    let four = sums.lowHalf + sums.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}
