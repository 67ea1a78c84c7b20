import Foundation
import Tensors

/// SimCLR's normalised, temperature-scaled cross entropy (NT-Xent) over two views.
///
/// Every row of both views is a query; its positive is the other view of the same row, its
/// negatives are the hard ones (see `HardNegatives`) of the 2B − 2 other rows. Chen et al., "A simple framework for contrastive learning
/// of visual representations", ICML 2020, equation 1 and algorithm 1.
public struct SimCLR: Objective {
  /// The temperature τ by which similarities are divided.
  private let temperature: Double

  private let policy: HardNegatives
  private let hidesCoarse: Bool

  /// Creates the objective; the knobs are explained in `ObjectiveSettings`.
  public init(
    temperature: Double = 0.2, keepShare: Double = 1, dropShare: Double = 0,
    hidesCoarse: Bool = false
  ) {
    self.temperature = temperature
    self.hidesCoarse = hidesCoarse
    policy = HardNegatives(keepShare: keepShare, dropShare: dropShare)
  }

  /// Samples are told apart one by one; labels only hide likely false negatives.
  public var usesLabels: Bool { hidesCoarse }

  /// Two augmented views of the weights in training.
  public var views: [View] { [View(.augmented), View(.augmented)] }

  /// Empty: nothing is remembered.
  public var state: ObjectiveState {
    get { ObjectiveState() }
    set { precondition(newValue == ObjectiveState(), "simclr has no memory to restore") }
  }

  /// Computes the loss and its gradient; labels only hide negatives, where `hidesCoarse` says so.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let rows = UnitRows(batch.rows)
    let (count, half) = (rows.unit.rows, rows.unit.rows / 2)
    var similarities = Matrix(rows: count, columns: count)
    BLAS.multiply(rows.unit, by: rows.unit, transposingB: true, into: &similarities)

    let samples = batch.samples.flatMap(\.self)
    let coarse = samples.map { batch.coarse[$0] }
    var totals = ContrastTotals()
    var keys = [UInt64](repeating: 0, count: count)
    for query in 0..<count {
      let partner = query < half ? query + half : query - half
      // The row holds similarities on entry and ∂loss/∂similarity, times the count, on exit.
      var row = similarities.values.mutableSpan
      let start = query * count
      let hidden = hidesCoarse && coarse[query] >= 0 ? coarse[query] : Int32.min
      var found = 0
      for other in 0..<count where other != query && other != partner && coarse[other] != hidden {
        keys[found] = HardNegatives.key(row[start + other], at: other)
        found += 1
      }
      let kept = keys[policy.select(&keys, count: found)].map(HardNegatives.position)
      let own = Double(row[start + partner])
      let others = kept.map { Double(row[start + $0]) }
      let peak = others.reduce(own) { max($0, $1) }
      let exponentials = others.map { exp(($0 - peak) / temperature) }
      let positive = exp((own - peak) / temperature)
      let sum = exponentials.reduce(positive, +)
      for index in start..<start + count { row[index] = 0 }
      row[start + partner] = Float((positive / sum - 1) / temperature)
      for (other, exponential) in zip(kept, exponentials) {
        row[start + other] = Float(exponential / (sum * temperature))
      }
      guard !kept.isEmpty else { continue }
      totals.add(
        loss: log(sum) + (peak - own) / temperature, positives: 1, positiveSimilarity: own,
        kept: kept.count, of: found,
        negativeSimilarity: others.reduce(0, +) / Double(kept.count))
      totals.pairs.add(
        query: samples[query], positives: [samples[partner]],
        negatives: kept.lazy.map { samples[$0] })
    }

    var gradient = Matrix(rows: count, columns: rows.unit.columns)
    BLAS.multiply(similarities, by: rows.unit, into: &gradient)
    BLAS.multiply(similarities, transposingA: true, by: rows.unit, into: &gradient, beta: 1)
    let average = totals.queries > 0 ? 1 / Double(totals.queries) : 0
    return LossAndGradient(
      loss: totals.loss * average,
      gradients: rows.gradient(of: gradient, scale: average).split(into: 2),
      statistics: totals.statistics(of: count), pairs: totals.pairs)
  }
}
