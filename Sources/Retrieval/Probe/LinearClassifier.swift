internal import Tensors

/// A linear classifier of standardised rows: multinomial logistic regression, solved to convergence.
struct LinearClassifier: Sendable {
  private let standard: Standardisation
  private let width: Int
  /// The classes that occur, sorted; a place in it is k below.
  private let classes: [Int]
  /// W (K·D) and the intercepts (K).
  let point: [Double]
  /// The steps of L-BFGS.
  let iterations: Int
  /// Whether the gradient fell below the tolerance.
  let isConverged: Bool

  /// Fits the rows to their classes.
  ///
  /// - Parameters:
  ///   - labels: each row's class.
  ///   - l2: the factor of ½·‖W‖² beside the mean cross-entropy; scikit-learn's C is 1 / (l2·N).
  ///   - earlier: a solution of the same rows for another factor to start from.
  ///   - tolerance: the largest element of the gradient at the end.
  init(
    _ rows: Matrix, labels: [Int32], l2: Double, from earlier: LinearClassifier? = nil,
    tolerance: Double = 1e-6, lanes: LanePool
  ) {
    standard = Standardisation(fitting: rows)
    let classes = Set(labels).sorted()
    self.classes = classes.map(Int.init)
    width = rows.columns
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let loss = MultinomialLoss(
      rows: (0..<rows.rows).map { [standard] in standard.apply(to: rows, row: $0) },
      labels: labels.compactMap { places[$0] }, classes: classes.count, width: rows.columns)
    let start = earlier?.point ?? [Double](repeating: 0, count: loss.parameters)
    let minimum = LBFGS(tolerance: tolerance, limit: 2000).minimise(from: start) {
      loss.evaluate($0, l2: l2, lanes: lanes)
    }
    point = minimum.point
    iterations = minimum.iterations
    isConverged = minimum.isConverged
  }

  /// The score of each class that occurs for a row, before the softmax.
  func logits(_ rows: Matrix, row: Int) -> [Double] {
    let x = standard.apply(to: rows, row: row)
    return classes.indices.map { label in
      var sum = point[classes.count * width + label]
      for column in 0..<width { sum += point[label * width + column] * x[column] }
      return sum
    }
  }

  /// The place of a class among a row's scores, from 0; ties go to the lowest class, and a class that
  /// did not occur has none.
  func place(of label: Int32, _ rows: Matrix, row: Int) -> Int? {
    guard let own = classes.firstIndex(of: Int(label)) else { return nil }
    let logits = logits(rows, row: row)
    return logits.indices.count {
      logits[$0] > logits[own] || (logits[$0] == logits[own] && $0 < own)
    }
  }
}

/// Columns shifted to mean 0 and scaled to variance 1; constant ones are shifted alone.
private struct Standardisation: Sendable {
  private let mean: [Double]
  private let scale: [Double]

  init(fitting rows: Matrix) {
    let mean = Centring(fitting: rows).mean
    var squares = [Double](repeating: 0, count: rows.columns)
    for row in 0..<rows.rows {
      for (column, value) in rows.row(row).enumerated() {
        let difference = Double(value) - mean[column]
        squares[column] += difference * difference
      }
    }
    self.mean = mean
    scale = squares.map { $0 > 0 ? (Double(rows.rows) / $0).squareRoot() : 1 }
  }

  func apply(to rows: Matrix, row: Int) -> [Double] {
    rows.row(row).enumerated().map { (Double($1) - mean[$0]) * scale[$0] }
  }
}
