public import Tensors

/// Whitening that was fitted on the gallery: directions in which all videos vary count less.
///
/// Rows are centred and mapped so that the shrunken covariance C′ = (1 − s)·C + s·(tr C / D)·I becomes
/// the identity. PCA whitening maps by Λ^(−½)·Vᵀ with C′ = V·Λ·Vᵀ; here it is the inverse of the
/// Cholesky factor of C′, which differs from it by a rotation, so all cosines and all neighbours are
/// the same, and no eigenvectors are needed, whose signs and order would be arbitrary. Shrinking keeps
/// directions in which the gallery hardly varies from being blown up to noise.
public struct Whitening: Sendable {
  /// How much of the covariance gives way to its mean variance in all directions; the default of
  /// scikit-learn's `ShrunkCovariance`.
  public static let shrinkage = 0.1

  private let centring: Centring
  private let factor: CholeskyFactor?

  /// Fits N·D rows.
  ///
  /// - Complexity: O(N·D² + D³) time, O(D²) memory in double precision.
  public init(fitting rows: Matrix, lanes: LanePool) {
    centring = Centring(fitting: rows)
    let width = rows.columns
    var covariance = Self.covariance(rows, mean: centring.mean, lanes: lanes)
    let trace = (0..<width).reduce(0.0) { $0 + covariance[$1 * width + $1] }
    // Equal rows have no directions; they are centred alone.
    guard trace > 0 else {
      factor = nil
      return
    }
    for index in covariance.indices { covariance[index] *= 1 - Self.shrinkage }
    let floor = Self.shrinkage * trace / Double(width)
    for index in 0..<width { covariance[index * width + index] += floor }
    factor = CholeskyFactor(of: covariance, width: width)
  }

  /// The whitened rows, of unit length.
  public func apply(to rows: Matrix, lanes: LanePool) -> Matrix {
    guard let factor else { return centring.apply(to: rows) }
    let width = rows.columns
    let whitened = lanes.map(rows.rows) { row in
      let centred = zip(rows.row(row), centring.mean).map { Double($0) - $1 }
      return factor.solve(centred).map { Float($0) }
    }
    return Matrix(rows: rows.rows, columns: width, values: whitened.flatMap { $0 }).unitRows()
  }

  /// The lower triangle of Σ (x − μ)(x − μ)ᵀ / N, each element one product.
  private static func covariance(
    _ rows: Matrix, mean: [Double], lanes: LanePool
  ) -> [Double] {
    let (count, width) = (rows.rows, rows.columns)
    // Columns become rows, so that an element is one product.
    let columns = lanes.map(width) { column in
      DoubleRow((0..<count).map { Double(rows[$0, column]) - mean[column] })
    }
    return lanes.map(width) { row in
      (0..<width).map { column in
        column <= row ? columns[row].product(columns[column]) / Double(count) : 0
      }
    }.flatMap { $0 }
  }
}

/// The lower triangular L with L·Lᵀ = A, for a positive definite A (Golub and Van Loan, "Matrix
/// Computations", section 4.2).
struct CholeskyFactor: Sendable {
  private let width: Int
  private var values: [Double]

  /// Factors the lower triangle of a D×D matrix, row after row.
  init(of matrix: [Double], width: Int) {
    precondition(
      matrix.count == width * width, "\(matrix.count) elements are not \(width)×\(width)")
    self.width = width
    values = matrix
    for row in 0..<width {
      for column in 0...row {
        var sum = values[row * width + column]
        for k in 0..<column { sum -= values[row * width + k] * values[column * width + k] }
        if row == column {
          precondition(sum > 0, "the matrix is not positive definite at row \(row)")
          values[row * width + row] = sum.squareRoot()
        } else {
          values[row * width + column] = sum / values[column * width + column]
        }
      }
    }
  }

  /// The z with L·z = x.
  func solve(_ x: [Double]) -> [Double] {
    var z = x
    for row in 0..<width {
      var sum = z[row]
      for k in 0..<row { sum -= values[row * width + k] * z[k] }
      z[row] = sum / values[row * width + row]
    }
    return z
  }
}
