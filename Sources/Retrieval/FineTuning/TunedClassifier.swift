import Foundation
public import Tensors

/// A linear classifier that learns together with the encoder beneath it: softmax cross-entropy after
/// dropout, moved by Adam or AdamW.
///
/// For evaluation alone. It is kept in double precision and starts at zero, so the same rows give the
/// same classifier on every rank. Kingma and Ba, "Adam", ICLR 2015, algorithm 1.
public struct TunedClassifier: Sendable {
  /// The number of classes, K.
  public let classes: Int
  /// The numbers of a row, F.
  public let width: Int
  /// W (K·F), then the intercepts (K).
  var point: [Double]
  private var means: [Double]
  private var squares: [Double]
  private var steps = 0

  /// Creates a classifier that finds all classes equally likely.
  public init(classes: Int, width: Int) {
    precondition(classes > 0 && width > 0, "\(classes) classes of \(width) columns")
    self.classes = classes
    self.width = width
    point = [Double](repeating: 0, count: classes * (width + 1))
    means = point
    squares = point
  }

  /// All that the classifier has learned: the bits of W with the intercepts and of Adam's two means, and
  /// its steps.
  public var state: [String: [Int]] {
    get {
      [
        "point": point.map(\.storedBits), "means": means.map(\.storedBits),
        "squares": squares.map(\.storedBits), "steps": [steps],
      ]
    }
    set {
      func numbers(_ name: String) -> [Double] {
        let bits = newValue[name] ?? []
        precondition(bits.count == point.count, "\(bits.count) \(name) of \(point.count)")
        return bits.map(Double.init(storedBits:))
      }
      (point, means, squares) = (numbers("point"), numbers("means"), numbers("squares"))
      steps = newValue["steps"]?.first ?? 0
    }
  }

  /// What a batch gives.
  public struct Outcome: Sendable {
    /// The mean cross-entropy of the labelled rows.
    public var loss: Double
    /// ∂loss/∂row, B·F.
    public var gradients: Matrix
    /// ∂loss/∂W, then ∂loss/∂intercept.
    var slopes: [Double]
    /// The share of labelled rows whose class has the highest score.
    public var accuracy: Double
  }

  /// The mean cross-entropy of a batch and its derivatives.
  ///
  /// - Parameters:
  ///   - labels: each row's class; a row of −1 counts for nothing.
  ///   - factors: what each element is multiplied by first, B·F: dropout's 0 or 1/(1 − p).
  public func evaluate(_ rows: Matrix, labels: [Int32], factors: Matrix) -> Outcome {
    precondition(
      rows.columns == width && labels.count == rows.rows
        && factors.values.count == rows.values.count)
    let count = Double(max(labels.count { $0 >= 0 }, 1))
    var outcome = Outcome(
      loss: 0, gradients: Matrix(rows: rows.rows, columns: width),
      slopes: [Double](repeating: 0, count: point.count), accuracy: 0)
    for row in 0..<rows.rows where labels[row] >= 0 {
      let own = Int(labels[row])
      let x = zip(rows.row(row), factors.row(row)).map { Double($0) * Double($1) }
      let logits = scores(x)
      let highest = logits.max() ?? 0
      let sum = logits.reduce(0) { $0 + exp($1 - highest) }
      outcome.loss += (log(sum) + highest - logits[own]) / count
      if logits.firstIndex(of: highest) == own { outcome.accuracy += 1 / count }
      var gradient = [Double](repeating: 0, count: width)
      for label in 0..<classes {
        let slope = (exp(logits[label] - highest) / sum - (label == own ? 1 : 0)) / count
        outcome.slopes[classes * width + label] += slope
        for column in 0..<width {
          outcome.slopes[label * width + column] += slope * x[column]
          gradient[column] += slope * point[label * width + column]
        }
      }
      for column in 0..<width {
        outcome.gradients[row, column] = Float(gradient[column] * Double(factors[row, column]))
      }
    }
    return outcome
  }

  /// Moves the classifier along a batch's derivatives; those that are not finite leave it as it is.
  ///
  /// - Parameters:
  ///   - decay: the share of the rate by which W shrinks besides.
  ///   - pull: the factor of W and the intercepts in their derivatives, an L2 penalty's.
  public mutating func follow(
    _ outcome: Outcome, learningRate: Double, decay: Double = 0, pull: Double = 0
  ) {
    guard outcome.loss.isFinite, outcome.slopes.allSatisfy(\.isFinite) else { return }
    steps += 1
    let (first, second) = (1 - pow(0.9, Double(steps)), 1 - pow(0.999, Double(steps)))
    for place in point.indices {
      let slope = outcome.slopes[place] + pull * point[place]
      means[place] += 0.1 * (slope - means[place])
      squares[place] += 0.001 * (slope * slope - squares[place])
      if place < classes * width { point[place] *= 1 - learningRate * decay }
      point[place] -=
        learningRate * (means[place] / first) / ((squares[place] / second).squareRoot() + 1e-8)
    }
  }

  /// The score of each class for each row, before the softmax.
  public func scores(of rows: Matrix) -> [[Double]] {
    (0..<rows.rows).map { row in scores(rows.row(row).map(Double.init)) }
  }

  private func scores(_ x: [Double]) -> [Double] {
    (0..<classes).map { label in
      var sum = point[classes * width + label]
      for column in 0..<width { sum += point[label * width + column] * x[column] }
      return sum
    }
  }
}
