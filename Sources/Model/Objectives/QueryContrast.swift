import Foundation
import Tensors

/// The video and the pseudo labels behind each row of a pool of candidates.
struct PoolLabels {
  let samples: [Int32]
  let fine: [Int32]
  let coarse: [Int32]

  /// Looks the labels of manifest indices up.
  init(_ samples: [Int], fine: [Int32], coarse: [Int32]) {
    self.samples = samples.map(Int32.init)
    self.fine = samples.map { fine[$0] }
    self.coarse = samples.map { coarse[$0] }
  }

  /// The rows that show none of some videos, nor one of a coarse label; −1 is no label.
  func rows(besides videos: [Int], coarse label: Int32) -> [Int] {
    samples.indices.filter { row in
      !videos.contains(Int(samples[row])) && (label < 0 || coarse[row] != label)
    }
  }
}

/// One query's share of the cluster loss: who its positives and negatives are, and their gradients.
struct QueryContrast {
  let temperature: Double
  let instanceWeight: Double
  let policy: HardNegatives
  let batch: PoolLabels
  let queue: PoolLabels
  /// Sums over the queries so far.
  var totals = ContrastTotals()

  private var keys: [UInt64]
  private var exponentials: [Double] = []
  private var positives: [(position: Int, similarity: Double, weight: Double)] = []

  init(
    temperature: Double, instanceWeight: Double, policy: HardNegatives, batch: PoolLabels,
    queue: PoolLabels
  ) {
    self.temperature = temperature
    self.instanceWeight = instanceWeight
    self.policy = policy
    self.batch = batch
    self.queue = queue
    keys = [UInt64](repeating: 0, count: batch.samples.count + queue.samples.count)
  }

  /// Replaces a row of similarities by ∂(the query's loss)/∂similarity.
  ///
  /// - Parameters:
  ///   - query: the query's row in the batch of all views.
  ///   - row: its row in the two matrices.
  ///   - near: similarities to the batch's rows.
  ///   - far: similarities to the queue's rows.
  mutating func replaceSimilarities(
    of query: Int, row: Int, inBatch near: inout Matrix, inQueue far: inout Matrix
  ) {
    let (nearCount, farCount) = (near.columns, far.columns)
    let (nearStart, farStart) = (row * nearCount, row * farCount)
    var near = near.values.mutableSpan
    var far = far.values.mutableSpan
    collectPositives(of: query, near.span.extracting(nearStart..<nearStart + nearCount))
    var count = collectNegatives(
      of: query, among: batch, near.span.extracting(nearStart..<nearStart + nearCount),
      firstPosition: 0, count: 0)
    count = collectNegatives(
      of: query, among: queue, far.span.extracting(farStart..<farStart + farCount),
      firstPosition: nearCount, count: count)
    let kept = policy.select(&keys, count: count)
    let isActive = count > 0 && !positives.isEmpty

    // log Σ e^(s/τ) over the kept negatives.
    var (peak, sum, similarities) = (-Double.infinity, 0.0, 0.0)
    exponentials.removeAll(keepingCapacity: true)
    if isActive {
      for rank in kept {
        let position = HardNegatives.position(of: keys[rank])
        let value = Double(
          position < nearCount
            ? near[nearStart + position] : far[farStart + position - nearCount])
        exponentials.append(value)
        peak = max(peak, value)
        similarities += value
      }
      for index in exponentials.indices {
        exponentials[index] = exp((exponentials[index] - peak) / temperature)
        sum += exponentials[index]
      }
    }
    for index in nearStart..<nearStart + nearCount { near[index] = 0 }
    for index in farStart..<farStart + farCount { far[index] = 0 }
    guard isActive else { return }

    let weights = positives.reduce(0) { $0 + $1.weight }
    let logSum = log(sum) + peak / temperature
    var (loss, pull, positiveSimilarity) = (0.0, 0.0, 0.0)
    for positive in positives {
      // −log(e^a / (e^a + Σ e^b)) = log(1 + e^margin), and its slope is the logistic of the margin.
      let margin = logSum - positive.similarity / temperature
      let small = exp(-abs(margin))
      let weight = positive.weight / weights
      let slope = weight * (margin > 0 ? 1 : small) / (1 + small)
      loss += weight * (max(margin, 0) + log1p(small))
      near[nearStart + positive.position] = Float(-slope / temperature)
      pull += slope
      positiveSimilarity += positive.similarity
    }
    for (index, rank) in kept.enumerated() {
      let position = HardNegatives.position(of: keys[rank])
      let slope = Float(pull * exponentials[index] / (sum * temperature))
      if position < nearCount {
        near[nearStart + position] = slope
      } else {
        far[farStart + position - nearCount] = slope
      }
    }
    totals.add(
      loss: loss, positives: positives.count,
      positiveSimilarity: positiveSimilarity / Double(positives.count), kept: kept.count,
      of: count, negativeSimilarity: similarities / Double(kept.count))
    totals.pairs.add(
      query: Int(batch.samples[query]),
      positives: positives.lazy.map { [samples = batch.samples] in Int(samples[$0.position]) },
      negatives: kept.lazy.map { [keys = keys, near = batch.samples, far = queue.samples] rank in
        let position = HardNegatives.position(of: keys[rank])
        return Int(position < nearCount ? near[position] : far[position - nearCount])
      })
  }

  /// The row that holds the query's other view.
  private func partner(of query: Int) -> Int {
    let half = batch.samples.count / 2
    return query < half ? query + half : query - half
  }

  /// Fills `positives` in batch order; own-video rows weigh `instanceWeight`, unless they are alone.
  private mutating func collectPositives(of query: Int, _ similarities: Span<Float>) {
    positives.removeAll(keepingCapacity: true)
    let (sample, fine, partner) = (
      batch.samples[query], batch.fine[query], partner(of: query)
    )
    var others = 0
    for row in 0..<batch.samples.count where row != query {
      let isOwn = batch.samples[row] == sample
      guard isOwn || row == partner || fine >= 0 && batch.fine[row] == fine else { continue }
      positives.append((row, Double(similarities[row]), isOwn ? instanceWeight : 1))
      others += isOwn ? 0 : 1
    }
    if others == 0 { for index in positives.indices { positives[index].weight = 1 } }
  }

  /// Appends the keys of a pool's admissible negatives after the first `count` of `keys`.
  ///
  /// - Returns: the number of keys now.
  private mutating func collectNegatives(
    of query: Int, among pool: PoolLabels, _ similarities: Span<Float>, firstPosition: Int,
    count: Int
  ) -> Int {
    let (sample, other) = (batch.samples[query], batch.samples[partner(of: query)])
    // −1, unlabelled, must not equal the −1 of another: look for a label that no row has.
    let fine = batch.fine[query] >= 0 ? batch.fine[query] : Int32.min
    let coarse = batch.coarse[query] >= 0 ? batch.coarse[query] : Int32.min
    let (samples, fines, coarses) = (pool.samples.span, pool.fine.span, pool.coarse.span)
    var keys = keys.mutableSpan
    var count = count
    for row in 0..<samples.count {
      let isExcluded =
        (samples[row] == sample ? 1 : 0) | (samples[row] == other ? 1 : 0)
        | (fines[row] == fine ? 1 : 0) | (coarses[row] == coarse ? 1 : 0)
      // Written in any case, kept only if admissible: no branch to mispredict.
      keys[count] = HardNegatives.key(similarities[row], at: firstPosition + row)
      count += 1 - isExcluded
    }
    return count
  }
}

/// Sums over the queries of a batch.
struct ContrastTotals {
  private(set) var queries = 0
  private(set) var loss = 0.0
  private var positives = 0
  private var positiveSimilarity = 0.0
  private var keptShare = 0.0
  private var negativeSimilarity = 0.0
  /// Some of the queries' pairs.
  var pairs = PairSample()

  /// Takes in one query that has positives and negatives.
  mutating func add(
    loss: Double, positives: Int, positiveSimilarity: Double, kept: Int, of negatives: Int,
    negativeSimilarity: Double
  ) {
    queries += 1
    self.loss += loss
    self.positives += positives
    self.positiveSimilarity += positiveSimilarity
    keptShare += Double(kept) / Double(negatives)
    self.negativeSimilarity += negativeSimilarity
  }

  /// Means over the active queries, where there are any, and the share of all `rows` that was active.
  func statistics(of rows: Int) -> [String: Double] {
    guard queries > 0 else { return ["active_queries": 0] }
    let scale = 1 / Double(queries)
    return [
      "active_queries": Double(queries) / Double(rows),
      "positives_per_query": Double(positives) * scale,
      "positive_similarity": positiveSimilarity * scale,
      "negatives_kept": keptShare * scale,
      "negative_similarity": negativeSimilarity * scale,
    ]
  }
}
