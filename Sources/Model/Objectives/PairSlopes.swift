import Tensors

/// Cosines of all pairs of rows, and the slopes of a loss that is a function of them.
///
/// Similarities are those of `UnitRows`; each slope added to a pair reaches both of its rows.
struct PairSlopes {
  private let rows: UnitRows
  private let similarities: Matrix
  private var slopes: Matrix

  init(_ rows: UnitRows) {
    self.rows = rows
    var similarities = Matrix(rows: rows.unit.rows, columns: rows.unit.rows)
    BLAS.multiply(rows.unit, by: rows.unit, transposingB: true, into: &similarities)
    self.similarities = similarities
    slopes = Matrix(rows: rows.unit.rows, columns: rows.unit.rows)
  }

  /// The cosine of two rows.
  func similarity(_ row: Int, _ other: Int) -> Double { Double(similarities[row, other]) }

  /// Adds to ∂loss/∂cosine of two rows.
  mutating func add(_ slope: Double, _ row: Int, _ other: Int) {
    slopes[row, other] += Float(slope)
  }

  /// ∂loss/∂(rows before scaling).
  func gradient() -> Matrix {
    var gradient = Matrix(rows: rows.unit.rows, columns: rows.unit.columns)
    BLAS.multiply(slopes, by: rows.unit, into: &gradient)
    BLAS.multiply(slopes, transposingA: true, by: rows.unit, into: &gradient, beta: 1)
    return rows.gradient(of: gradient, scale: 1)
  }

  /// The candidates that a policy keeps for a row, ascending.
  func hardest(_ candidates: [Int], of row: Int, _ policy: HardNegatives) -> [Int] {
    var keys = candidates.map { HardNegatives.key(similarities[row, $0], at: $0) }
    return keys[policy.select(&keys, count: keys.count)].map(HardNegatives.position).sorted()
  }

  /// The candidate that is nearest to a row, the first of equals; nil of none.
  func nearest(_ candidates: [Int], to row: Int) -> Int? {
    candidates.map { HardNegatives.key(similarities[row, $0], at: $0) }.max()
      .map(HardNegatives.position)
  }

  /// As many of the candidates as are nearest to a row, the nearest first.
  func nearest(_ count: Int, of candidates: [Int], to row: Int) -> [Int] {
    candidates.map { HardNegatives.key(similarities[row, $0], at: $0) }.sorted(by: >)
      .prefix(count).map(HardNegatives.position)
  }
}

/// Which rows of a batch are of one class: of one video, or of one fine cluster.
struct RowClasses {
  private let labels: PoolLabels

  init(_ samples: [Int], fine: [Int32], coarse: [Int32]) {
    labels = PoolLabels(samples, fine: fine, coarse: coarse)
  }

  /// The number of rows.
  var count: Int { labels.samples.count }

  /// The manifest index behind a row.
  func sample(_ row: Int) -> Int { Int(labels.samples[row]) }

  /// Whether two rows show one video, or videos of one fine cluster.
  func areOne(_ row: Int, _ other: Int) -> Bool {
    labels.samples[row] == labels.samples[other]
      || labels.fine[row] >= 0 && labels.fine[row] == labels.fine[other]
  }

  /// The rows of other classes and other coarse clusters.
  func negatives(of row: Int) -> [Int] {
    (0..<count).filter { other in
      !areOne(row, other)
        && (labels.coarse[row] < 0 || labels.coarse[row] != labels.coarse[other])
    }
  }
}
