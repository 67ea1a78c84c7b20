import Foundation
import Tensors

/// SimCLR's normalised, temperature-scaled cross entropy (NT-Xent) over two views.
///
/// Every row of both views is a query; its positive is the other view of the same row, its
/// negatives are all 2B − 2 other rows. Chen et al., "A simple framework for contrastive learning
/// of visual representations", ICML 2020, equation 1 and algorithm 1.
public struct SimCLR: Objective {
  /// The temperature τ by which similarities are divided.
  public let temperature: Double

  /// Creates the objective.
  public init(temperature: Double = 0.2) { self.temperature = temperature }

  /// Samples are told apart one by one.
  public var usesLabels: Bool { false }

  /// Two augmented views of the weights in training.
  public var views: [View] { [View(.augmented), View(.augmented)] }

  /// Empty: nothing is remembered.
  public var state: ObjectiveState {
    get { ObjectiveState() }
    set { precondition(newValue == ObjectiveState(), "simclr has no memory to restore") }
  }

  /// Computes the loss and its gradient; labels are ignored.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let rows = UnitRows(batch.rows)
    let (count, half) = (rows.unit.rows, rows.unit.rows / 2)
    var similarities = Matrix(rows: count, columns: count)
    BLAS.multiply(rows.unit, by: rows.unit, transposingB: true, into: &similarities)

    var (loss, positive, negative) = (0.0, 0.0, 0.0)
    var exponentials = [Double](repeating: 0, count: count)
    for query in 0..<count {
      let partner = query < half ? query + half : query - half
      // The row holds similarities on entry and ∂loss/∂similarity, times the count, on exit.
      var row = similarities.values.mutableSpan
      let start = query * count
      let own = Double(row[start + partner])
      var (peak, others) = (-Double.infinity, 0.0)
      for other in 0..<count where other != query {
        peak = max(peak, Double(row[start + other]))
        others += Double(row[start + other])
      }
      var sum = 0.0
      for other in 0..<count where other != query {
        exponentials[other] = exp((Double(row[start + other]) - peak) / temperature)
        sum += exponentials[other]
      }
      loss += log(sum) + (peak - own) / temperature
      positive += own
      negative += count > 2 ? (others - own) / Double(count - 2) : 0
      for other in 0..<count {
        let share = other == query ? 0 : exponentials[other] / sum
        row[start + other] = Float((share - (other == partner ? 1 : 0)) / temperature)
      }
    }

    var gradient = Matrix(rows: count, columns: rows.unit.columns)
    BLAS.multiply(similarities, by: rows.unit, into: &gradient)
    BLAS.multiply(similarities, transposingA: true, by: rows.unit, into: &gradient, beta: 1)
    let average = count > 0 ? 1 / Double(count) : 0
    return LossAndGradient(
      loss: loss * average,
      gradients: rows.gradient(of: gradient, scale: average).split(into: 2),
      statistics: [
        "positive_similarity": positive * average, "negative_similarity": negative * average,
      ])
  }
}
