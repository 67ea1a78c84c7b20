import Tensors

/// Momentum contrast: each query's positive is the key of its other view, its negatives are earlier
/// keys.
///
/// Keys come from the moving average of the weights and have no gradient; `HardNegatives` chooses
/// among the queue's. Keys of the query's own video are no negatives: a queue longer than an epoch
/// holds them. He et al., "Momentum contrast for unsupervised visual representation learning", CVPR
/// 2020, algorithm 1.
public struct MoCo: Objective {
  private let contrast: KeyContrast
  private let hidesCoarse: Bool
  private var queue: NegativeQueue

  /// Creates the objective with an empty queue; the knobs are explained in `ObjectiveSettings`.
  public init(
    temperature: Double = 0.07, keepShare: Double = 1, dropShare: Double = 0,
    queueLength: Int = 2048, hidesCoarse: Bool = false
  ) {
    contrast = KeyContrast(
      temperature: temperature, policy: HardNegatives(keepShare: keepShare, dropShare: dropShare))
    self.hidesCoarse = hidesCoarse
    queue = NegativeQueue(capacity: queueLength)
  }

  /// Only to hide likely false negatives.
  public var usesLabels: Bool { hidesCoarse }

  /// An augmented view of the weights in training, and one of their average.
  public var views: [View] { [View(.augmented), View(.augmented, by: .momentum)] }

  /// The queue.
  public var state: ObjectiveState {
    get { queue.state }
    set { queue.state = newValue }
  }

  /// Computes the loss and its gradient, then takes the keys into the queue.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let queries = UnitRows(batch.views[0])
    let keys = UnitRows(batch.views[1])
    let queued = PoolLabels(queue.samples, fine: batch.fine, coarse: batch.coarse)
    let samples = batch.samples
    let (coarse, hides) = (batch.coarse, hidesCoarse)
    let outcome = contrast.evaluate(
      KeyContrast.Pairs(
        queries: queries.unit, positives: keys.unit, pools: [queue.rows],
        candidates: { query in
          queued.rows(
            besides: [samples[0][query], samples[1][query]],
            coarse: hides ? coarse[samples[0][query]] : -1)
        }, samples: (samples[0], samples[1]), sample: { Int(queued.samples[$0]) }))
    queue.append(keys, samples: batch.samples[1])
    return LossAndGradient(
      loss: outcome.loss,
      gradients: [queries.gradient(of: outcome.queries, scale: 1), Matrix(rows: 0, columns: 0)],
      statistics: outcome.statistics, pairs: outcome.pairs)
  }
}
