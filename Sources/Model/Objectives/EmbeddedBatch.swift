public import Tensors

/// Embeddings of every view of the whole global batch, in batch order.
public struct EmbeddedBatch: Sendable {
  /// One B×D matrix a view of the objective: the head's raw output, not normalised.
  public var views: [Matrix]
  /// The manifest index behind each row: `samples[v][b]` was embedded in row b of view v.
  ///
  /// The views of one row may show two videos, when the plan drew a positive from the same cluster.
  public var samples: [[Int]]
  /// The fine pseudo label of each *manifest index*; −1 while unlabelled.
  public var fine: [Int32]
  /// The coarse pseudo label of each *manifest index*; −1 while unlabelled.
  public var coarse: [Int32]
  /// The step within the run, from 0.
  public var step: Int
  /// The run's seed, for objectives that draw.
  public var seed: UInt64

  /// Creates a batch from equally shaped views.
  public init(
    views: [Matrix], samples: [[Int]], fine: [Int32], coarse: [Int32],
    step: Int = 0, seed: UInt64 = 0
  ) {
    precondition(
      views.count == samples.count
        && zip(views, samples).allSatisfy {
          $0.rows == $1.count && $0.rows == views[0].rows && $0.columns == views[0].columns
        },
      "views of \(views.map { "\($0.rows)×\($0.columns)" }) for samples of \(samples.map(\.count))")
    precondition(
      fine.count == coarse.count
        && samples.allSatisfy { $0.allSatisfy { fine.indices.contains($0) } },
      "\(fine.count) fine and \(coarse.count) coarse labels do not cover the batch's samples")
    self.views = views
    self.samples = samples
    self.fine = fine
    self.coarse = coarse
    self.step = step
    self.seed = seed
  }

  /// The rows of all views, view after view: row v·B + b.
  var rows: Matrix {
    Matrix(
      rows: views.count * (views.first?.rows ?? 0), columns: views.first?.columns ?? 0,
      values: views.flatMap(\.values))
  }
}

/// What an objective says about a batch.
public struct LossAndGradient: Sendable {
  /// The loss, averaged over the queries.
  public var loss: Double
  /// One B×D matrix a view, ∂loss/∂(raw output); 0×0 for a view without a gradient.
  public var gradients: [Matrix]
  /// Figures to log, by name: shares, counts and mean similarities.
  public var statistics: [String: Double]
  /// Some of the pairs that the loss is made of.
  public var pairs: PairSample

  /// Creates a result.
  public init(
    loss: Double, gradients: [Matrix], statistics: [String: Double], pairs: PairSample
  ) {
    self.loss = loss
    self.gradients = gradients
    self.statistics = statistics
    self.pairs = pairs
  }
}
