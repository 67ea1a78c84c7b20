internal import Foundation
internal import Tensors

/// Multinomial logistic regression: the mean cross-entropy of N rows, and ½·l2·‖W‖².
///
/// The point is W (K·D), then the intercepts (K), which are not penalised, as in scikit-learn. Rows are
/// cut into fixed blocks whose sums are joined in order, so lanes change no bit.
struct MultinomialLoss: Sendable {
  /// The number of classes, K.
  let classes: Int
  /// The width of a row, D.
  let width: Int
  private let blocks: [Block]
  private let count: Int

  private struct Block: Sendable {
    let rows: [Double]
    let labels: [Int]
  }

  /// - Parameters:
  ///   - rows: N rows of `width` numbers.
  ///   - labels: each row's class, 0 ..< `classes`.
  init(rows: [[Double]], labels: [Int], classes: Int, width: Int) {
    precondition(rows.count == labels.count, "\(labels.count) labels for \(rows.count) rows")
    self.classes = classes
    self.width = width
    count = rows.count
    let parts = min(16, (rows.count + 63) / 64)
    blocks = (0..<parts).map { part in
      let members = rows.count * part / parts..<rows.count * (part + 1) / parts
      return Block(rows: rows[members].flatMap { $0 }, labels: Array(labels[members]))
    }
  }

  /// The length of a point.
  var parameters: Int { classes * (width + 1) }

  /// The loss and its gradient at a point.
  func evaluate(
    _ point: [Double], l2: Double, lanes: LanePool
  ) -> (value: Double, gradient: [Double]) {
    let weights = Array(point[..<(classes * width)])
    let parts = lanes.map(blocks.count) { block in
      part(blocks[block], weights, Array(point[(classes * width)...]))
    }
    var value = 0.0
    var gradient = [Double](repeating: 0, count: parameters)
    for part in parts {
      value += part.value
      for index in gradient.indices { gradient[index] += part.gradient[index] }
    }
    value /= Double(count)
    for index in gradient.indices { gradient[index] /= Double(count) }
    for (index, weight) in weights.enumerated() {
      value += 0.5 * l2 * weight * weight
      gradient[index] += l2 * weight
    }
    return (value, gradient)
  }

  /// A block's sum of cross-entropies and its gradient.
  private func part(
    _ block: Block, _ weights: [Double], _ intercepts: [Double]
  ) -> (value: Double, gradient: [Double]) {
    let count = block.labels.count
    var logits = [Double](repeating: 0, count: count * classes)
    BLAS.multiply(count, classes, width, block.rows, weights, transposingB: true, into: &logits)
    var value = 0.0
    var sums = [Double](repeating: 0, count: classes)
    for row in 0..<count {
      let start = row * classes
      for label in 0..<classes { logits[start + label] += intercepts[label] }
      let largest = logits[start..<start + classes].max() ?? 0
      let own = logits[start + block.labels[row]] - largest
      var total = 0.0
      for label in 0..<classes {
        logits[start + label] = exp(logits[start + label] - largest)
        total += logits[start + label]
      }
      value += log(total) - own
      for label in 0..<classes {
        logits[start + label] /= total
        if label == block.labels[row] { logits[start + label] -= 1 }
        sums[label] += logits[start + label]
      }
    }
    var gradient = [Double](repeating: 0, count: classes * width)
    BLAS.multiply(
      classes, width, count, logits, transposingA: true, block.rows, into: &gradient)
    return (value, gradient + sums)
  }
}
