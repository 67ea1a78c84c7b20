import Foundation
public import Tensors

/// How embeddings lie on the unit sphere: what collapses, and how near positives are.
///
/// Sums over the batches of an epoch, in the order of the steps; rows without a direction are left out.
public struct EmbeddingSpread: Sendable {
  private var moment = Matrix(rows: 0, columns: 0)
  private var mean: [Double] = []
  private var rows = 0
  private var positives = Tally()
  private var pairs = Tally()

  /// Some numbers of a kind.
  private struct Tally: Codable {
    var count = 0
    var sum = 0.0
    var mean: Double { count > 0 ? sum / Double(count) : 0 }

    mutating func add(_ value: Double) {
      count += 1
      sum += value
    }
  }

  /// Starts with no rows.
  public init() {}

  /// Takes a batch: rows of the first view, and of the second for their positives, as embedded.
  public mutating func add(_ first: Matrix, positives second: Matrix) {
    let (a, b) = (UnitRows(first), UnitRows(second))
    let known = (0..<first.rows).filter { a.hasDirection($0) }
    let unit = a.unit.rows(known)
    if moment.rows != first.columns {
      moment = Matrix(rows: first.columns, columns: first.columns)
      mean = [Double](repeating: 0, count: first.columns)
    }
    guard !known.isEmpty else { return }
    BLAS.multiply(unit, transposingA: true, by: unit, into: &moment, beta: 1)
    rows += known.count
    for row in known {
      for (column, value) in a.unit.row(row).enumerated() { mean[column] += Double(value) }
      guard b.hasDirection(row) else { continue }
      let cosine = zip(a.unit.row(row), b.unit.row(row)).reduce(0) {
        $0 + Double($1.0) * Double($1.1)
      }
      positives.add(2 - 2 * cosine)
    }
    var cosines = Matrix(rows: unit.rows, columns: unit.rows)
    BLAS.multiply(unit, by: unit, transposingB: true, into: &cosines)
    for row in 0..<unit.rows {
      for other in row + 1..<unit.rows {
        pairs.add(exp(4 * Double(cosines[row, other]) - 4))
      }
    }
  }

  /// The mean squared distance of positives (Wang and Isola, "Understanding contrastive
  /// representation learning through alignment and uniformity", ICML 2020, equation 2, α = 2).
  public var alignment: Double { positives.mean }

  /// The logarithm of the mean of e^(−2 d²) over pairs of a batch (the same, equation 3, t = 2): 0
  /// where all rows are one, and lower the more evenly they are spread.
  public var uniformity: Double {
    pairs.count > 0 ? log(pairs.mean) : 0
  }

  /// How many directions the rows vary in, (Σ λ)² / Σ λ² over the variances λ along principal axes;
  /// 0 where nothing varies.
  public var effectiveRank: Double {
    let squares = covariance.reduce(0) { $0 + $1 * $1 }
    return varies ? trace * trace / squares : 0
  }

  /// The shares of the variance along the first principal axes, the largest first, at most so many;
  /// none where nothing varies.
  ///
  /// By power iteration, each axis being taken out of the matrix before the next: close shares may be
  /// off by a little, which a report can bear.
  public func spectrum(axes: Int) -> [Double] {
    let width = mean.count
    var matrix = covariance
    guard varies else { return [] }
    let total = trace
    return (0..<min(axes, width)).map { number in
      var axis = (0..<width).map { 1 + Double(($0 + 3 * number) % 7) / 7 }
      var length = 0.0
      for _ in 0..<100 {
        let next = (0..<width).map { row in
          (0..<width).reduce(0) { $0 + matrix[row * width + $1] * axis[$1] }
        }
        length = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 1e-12 * total else { return 0 }
        axis = next.map { $0 / length }
      }
      for row in 0..<width {
        for column in 0..<width {
          matrix[row * width + column] -= length * axis[row] * axis[column]
        }
      }
      return length / total
    }
  }

  /// Whether the rows differ by more than the rounding of their sums; they are of unit length.
  private var varies: Bool { trace > 1e-5 }

  /// The covariance of the rows, D·D.
  private var covariance: [Double] {
    let (width, count) = (mean.count, Double(max(rows, 1)))
    return moment.values.enumerated().map { place, value in
      Double(value) / count - mean[place / width] / count * (mean[place % width] / count)
    }
  }

  private var trace: Double {
    let matrix = covariance
    return mean.indices.reduce(0) { $0 + matrix[$1 * mean.count + $1] }
  }
}

extension EmbeddingSpread: Codable {
  private enum Key: String, CodingKey { case moment, mean, rows, positives, pairs }

  /// Takes the sums up again; of the D·D second moments there are as many as of the mean's squared.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    mean = try container.decode([Double].self, forKey: .mean)
    rows = try container.decode(Int.self, forKey: .rows)
    positives = try container.decode(Tally.self, forKey: .positives)
    pairs = try container.decode(Tally.self, forKey: .pairs)
    let values = try container.decode([Float].self, forKey: .moment)
    guard values.count == mean.count * mean.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .moment, in: container, debugDescription: "\(values.count) second moments")
    }
    moment = Matrix(rows: mean.count, columns: mean.count, values: values)
  }

  /// Writes the sums.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(moment.values, forKey: .moment)
    try container.encode(mean, forKey: .mean)
    try container.encode(rows, forKey: .rows)
    try container.encode(positives, forKey: .positives)
    try container.encode(pairs, forKey: .pairs)
  }
}
