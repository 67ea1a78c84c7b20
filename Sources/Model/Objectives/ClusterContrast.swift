import Tensors

/// Contrast between pseudo classes: positives share the query's cluster, hard negatives never do.
///
/// Every row of both views is a query q. Its positives P are the row's other view, every row of its
/// own video, and the rows of other videos with its *fine* label. Its negatives N are the hard ones
/// (see `HardNegatives`) among the batch's rows and a queue of earlier rows, never of its own or its
/// other view's video, never of its fine or *coarse* label. With w the weights of the positives
/// and s the cosine similarity, the loss is the mean over queries of
///
///     Σ_p w_p · −log( e^(s_qp/τ) / (e^(s_qp/τ) + Σ_n e^(s_qn/τ)) ) / Σ_p w_p
///
/// A query without negatives is left out. While nothing is labelled, all rows of the batch are
/// negatives and none of the queue: SimCLR's loss. Hard negatives without labels are mostly false
/// ones, and from random weights they make all rows alike before the network has learnt to tell
/// videos apart. Labels from clusters follow Khorasgani et al., "SLIC", CVPR 2022 (arXiv
/// 2206.12534); fine labels for positives and coarse ones for negatives, its `multiple_partition`
/// branch; the one-positive denominator, Khosla et al., "Supervised contrastive learning", NeurIPS
/// 2020, equation 2, with the other positives left out.
///
/// `ClusterPrototypes` add a loss against the centres of all clusters, `prototypeWeight` times as heavy.
///
/// The second view shows what moves in the first one's very picture. With `bothDirections` both are also
/// played backwards, and a video backwards is another video, of other clusters (`EmbeddedBatch`): a
/// negative of the same place, actor and poses, which motion alone tells apart, and as many videos again
/// to learn from. (Tack, Mo, Jeong and Shin, "CSI", NeurIPS 2020, section 2.2, contrast shifted
/// instances so; for the direction of time as a teacher, Wei, Lim, Zisserman and Freeman, CVPR 2018.)
public struct ClusterContrast: Objective {
  /// Queries are computed in blocks of this many rows, so that their similarities stay in cache.
  private static let queriesPerBlock = 64

  let temperature: Double
  let instanceWeight: Double
  let policy: HardNegatives
  var queue: NegativeQueue
  /// The weight of the prototypes' loss beside that of pairs.
  let prototypeWeight: Double
  var prototypes: ClusterPrototypes
  /// Whether a video played backwards is another video.
  let bothDirections: Bool

  /// Creates the objective with an empty queue; the knobs are explained in `ObjectiveSettings`.
  public init(
    temperature: Double = 0.2, keepShare: Double = 0.5, dropShare: Double = 0.001,
    queueLength: Int = 0, instanceWeight: Double = 1, prototypeWeight: Double = 0,
    prototypeTemperature: Double = 0.1, bankMomentum: Double = 0.5,
    bothDirections: Bool = false
  ) {
    self.bothDirections = bothDirections
    self.prototypeWeight = prototypeWeight
    prototypes = ClusterPrototypes(temperature: prototypeTemperature, keep: bankMomentum)
    self.temperature = temperature
    self.instanceWeight = instanceWeight
    policy = HardNegatives(keepShare: keepShare, dropShare: dropShare)
    queue = NegativeQueue(capacity: queueLength)
  }

  /// Positives and negatives follow the pseudo labels.
  public var usesLabels: Bool { true }

  /// A view, what moves in it, and (with both directions) the same backwards.
  public var views: [View] {
    let filmed = [View(.augmented), View(.residual)]
    return bothDirections ? filmed + [View(.backwards), View(.backwardsResidual)] : filmed
  }

  /// The queue (rows, their manifest indices and the place of the next), and the prototypes' bank.
  public var state: ObjectiveState {
    get {
      let bank = prototypes.bank.rows
      return bank.rows == 0 ? queue.state : queue.state.adding(bank)
    }
    set {
      queue.state = newValue
      prototypes = ClusterPrototypes(
        temperature: prototypes.temperature, keep: prototypes.keep, bank: newValue.bank)
    }
  }

  /// Computes the loss and its gradient, then takes the batch's unit rows into the queue.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    guard bothDirections else { return contrast(batch) }
    return contrast(batch.tellingBackwardsApart()).ofBothDirections(samples: batch.fine.count)
  }

  private mutating func contrast(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let rows = UnitRows(batch.rows)
    let samples = batch.samples.flatMap(\.self)
    let (count, width) = (rows.unit.rows, rows.unit.columns)
    let isLabelled = batch.fine.contains { $0 >= 0 }
    let queued = isLabelled ? queue.samples : []
    var contrast = QueryContrast(
      temperature: temperature, instanceWeight: instanceWeight,
      policy: isLabelled ? policy : .keepingAll,
      batch: PoolLabels(samples, fine: batch.fine, coarse: batch.coarse),
      queue: PoolLabels(queued, fine: batch.fine, coarse: batch.coarse))

    // ∂loss/∂(unit rows) times the number of queries: as a member of the pool, then as a query.
    var gradient = Matrix(rows: count, columns: width)
    var asQueries: [Float] = []
    asQueries.reserveCapacity(count * width)
    for first in stride(from: 0, to: count, by: Self.queriesPerBlock) {
      let block = first..<min(first + Self.queriesPerBlock, count)
      let queries = Matrix(
        rows: block.count, columns: width,
        values: Array(rows.unit.values[block.lowerBound * width..<block.upperBound * width]))
      var near = Matrix(rows: block.count, columns: count)
      var far = Matrix(rows: block.count, columns: queued.count)
      BLAS.multiply(queries, by: rows.unit, transposingB: true, into: &near)
      if far.columns > 0 {
        BLAS.multiply(queries, by: queue.rows, transposingB: true, into: &far)
      }
      for query in block {
        contrast.replaceSimilarities(
          of: query, row: query - first, inBatch: &near, inQueue: &far)
      }
      var own = Matrix(rows: block.count, columns: width)
      BLAS.multiply(near, by: rows.unit, into: &own)
      if far.columns > 0 { BLAS.multiply(far, by: queue.rows, into: &own, beta: 1) }
      asQueries.append(contentsOf: own.values)
      BLAS.multiply(near, transposingA: true, by: queries, into: &gradient, beta: 1)
    }
    var output = gradient.values.mutableSpan
    for index in output.indices { output[index] += asQueries[index] }

    queue.append(rows, samples: samples)
    let average = contrast.totals.queries > 0 ? 1 / Double(contrast.totals.queries) : 0
    var result = LossAndGradient(
      loss: contrast.totals.loss * average,
      gradients: rows.gradient(of: gradient, scale: average).split(into: 2),
      statistics: contrast.totals.statistics(of: count), pairs: contrast.totals.pairs)
    if prototypeWeight > 0 {
      if isLabelled { add(prototypes, of: rows, samples, batch, to: &result) }
      prototypes.take(rows.unit, of: samples, among: batch.fine.count)
    }
    return result
  }

  /// Adds the loss against the prototypes, and its gradient.
  private func add(
    _ prototypes: ClusterPrototypes, of rows: UnitRows, _ samples: [Int],
    _ batch: borrowing EmbeddedBatch, to result: inout LossAndGradient
  ) {
    let outcome = prototypes.evaluate(
      rows.unit, samples: samples, fine: batch.fine, coarse: batch.coarse)
    let average = 1 / Double(max(outcome.queries, 1))
    result.loss += prototypeWeight * average * outcome.loss
    let gradients = rows.gradient(of: outcome.gradient, scale: prototypeWeight * average)
    for (view, more) in gradients.split(into: 2).enumerated() {
      var sum = result.gradients[view].values.mutableSpan
      for index in sum.indices { sum[index] += more.values[index] }
    }
    result.statistics["prototype_loss"] = average * outcome.loss
    result.statistics["nearest_prototype_is_own"] = average * Double(outcome.nearest)
  }
}

extension ObjectiveState {
  /// The same memory with a bank.
  fileprivate func adding(_ bank: Matrix) -> ObjectiveState {
    var state = self
    state.arrays["bank"] = bank.values
    state.integers["bank_width"] = [bank.columns]
    return state
  }

  /// The bank that was added; 0×0 if none was.
  fileprivate var bank: Matrix {
    guard let values = arrays["bank"], let width = integers["bank_width"]?.first else {
      return Matrix(rows: 0, columns: 0)
    }
    return Matrix(rows: values.count / width, columns: width, values: values)
  }
}
