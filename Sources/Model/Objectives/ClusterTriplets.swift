import Foundation
import Tensors

/// SLIC's triplets: members of a pseudo class are nearer than everybody else, by a margin; and two
/// looks at one window are nearer than another window.
///
/// With d = 1 − cosine, E the rows of anchors and positives, and (a, p) all pairs of E of one class,
/// a the earlier row, each with one negative n that `mining` chooses:
///
///     mean over pairs of max(0, d(a,p) − d(a,n) + margin)
///       + temporalWeight · mean over samples of max(0, d(x,x′) − d(x,y) + temporalMargin)
///
/// where x is a sample's anchor, x′ another look at the anchor's window and y its positive. A class is
/// a fine label; unlabelled videos are classes of their own. Negatives are of another class and never
/// of the query's coarse label, the hard ones as `HardNegatives` has it. Of several pools of a batch's
/// samples, each has an E and a mean of its own, and the loss is the mean of these. Khorasgani, Chen and Shkurti,
/// "SLIC: self-supervised learning with iterative clustering for human action videos", CVPR 2022
/// (arXiv 2206.12534), and its released code, whose fallback may choose a row of the own class; here
/// it is the nearest negative, as was meant.
public struct ClusterTriplets: Objective {
  /// Which negative a pair meets; C are those that violate the margin, d(a,n) < d(a,p) + margin.
  public enum Mining: String, Codable, Sendable, CaseIterable {
    /// Any.
    case random
    /// Any of C; the nearest of all where C is empty.
    case semihard
    /// The nearest of C, or of all.
    case fixed
    /// Five of C, or the nearest five of all where C has fewer, in an InfoNCE at τ = `temperature` without
    /// margin.
    case several
  }

  /// The most negatives that a pair meets with `Mining.several`.
  static let severalCount = 5

  private let mining: Mining
  private let margin: Double
  private let temperature: Double
  private let policy: HardNegatives
  private let ownShare: Double
  private let temporalMargin: Double
  private let temporalWeight: Double
  private let pools: Int

  /// Creates the objective; the knobs are explained in `ObjectiveSettings`.
  public init(
    mining: Mining = .semihard, margin: Double = 0.2, temperature: Double = 0.5,
    keepShare: Double = 1, dropShare: Double = 0, ownShare: Double = 0.2,
    temporalMargin: Double = 0.04, temporalWeight: Double = 1, pools: Int = 1
  ) {
    self.mining = mining
    self.margin = margin
    self.temperature = temperature
    policy = HardNegatives(keepShare: keepShare, dropShare: dropShare)
    self.ownShare = ownShare
    self.temporalMargin = temporalMargin
    self.temporalWeight = temporalWeight
    self.pools = pools
  }

  /// Positives and negatives follow the pseudo labels.
  public var usesLabels: Bool { true }

  /// The anchor; another window of its video or of a cluster mate; the anchor's window again.
  public var views: [View] {
    [View(.augmented), View(.disjoint, of: .mate(ownShare: ownShare)), View(.again)]
  }

  /// Empty: nothing is remembered.
  public var state: ObjectiveState {
    get { ObjectiveState() }
    set { precondition(newValue == ObjectiveState(), "triplet has no memory to restore") }
  }

  /// Computes the loss and its gradient.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let rows = UnitRows(batch.rows)
    let half = batch.views[0].rows
    var pairs = PairSlopes(rows)
    let classes = RowClasses(
      batch.samples[0] + batch.samples[1], fine: batch.fine, coarse: batch.coarse)
    let instance = addInstances(classes, batch.seed, batch.step, to: &pairs)
    var temporal = 0.0
    for row in 0..<half {
      let violation =
        pairs.similarity(row, half + row) - pairs.similarity(row, 2 * half + row) + temporalMargin
      guard !(violation <= 0) else { continue }
      temporal += violation / Double(half)
      let slope = temporalWeight / Double(half)
      pairs.add(slope, row, half + row)
      pairs.add(-slope, row, 2 * half + row)
    }
    var statistics = instance.statistics
    statistics["temporal_loss"] = temporal
    return LossAndGradient(
      loss: instance.loss + temporalWeight * temporal,
      gradients: pairs.gradient().split(into: 3), statistics: statistics,
      pairs: instance.pairs)
  }

  /// The instance part: the pools' samples are next to each other in the batch.
  private func addInstances(
    _ classes: RowClasses, _ seed: UInt64, _ step: Int, to slopes: inout PairSlopes
  ) -> (loss: Double, statistics: [String: Double], pairs: PairSample) {
    let half = classes.count / 2
    func pool(_ row: Int) -> Int { row % half * pools / half }
    var triplets: [(anchor: Int, positive: Int, negatives: [Int])] = []
    var counts = [Int](repeating: 0, count: pools)
    var totals = ContrastTotals()
    for anchor in 0..<classes.count {
      let negatives = classes.negatives(of: anchor).filter { pool($0) == pool(anchor) }
      let kept = slopes.hardest(negatives, of: anchor, policy)
      guard let nearest = slopes.nearest(kept, to: anchor) else { continue }
      for positive in anchor + 1..<classes.count
      where pool(positive) == pool(anchor) && classes.areOne(anchor, positive) {
        let own = slopes.similarity(anchor, positive)
        let violating = kept.filter { slopes.similarity(anchor, $0) + margin > own }
        var random = RandomStream(
          seed: seed, purpose: .objective, epoch: step,
          sample: anchor * classes.count + positive)
        let negatives: [Int]
        switch mining {
        case .fixed: negatives = [nearest]
        case .random: negatives = [kept[random.integer(below: kept.count)]]
        case .semihard:
          negatives =
            violating.isEmpty ? [nearest] : [violating[random.integer(below: violating.count)]]
        case .several:
          // C has the nearest, so what it lacks of five are the next ones.
          negatives =
            violating.count < Self.severalCount
            ? slopes.nearest(Self.severalCount, of: kept, to: anchor)
            : random.permutation(of: violating.count).prefix(Self.severalCount).sorted()
              .map { violating[$0] }
        }
        triplets.append((anchor, positive, negatives))
        counts[pool(anchor)] += 1
      }
    }
    var losses = [Double](repeating: 0, count: pools)
    var active = 0
    for (anchor, positive, negatives) in triplets {
      let share = 1 / Double(pools * counts[pool(anchor)])
      let own = slopes.similarity(anchor, positive)
      let others = negatives.map { slopes.similarity(anchor, $0) }
      let loss =
        mining == .several
        ? addInfoNCE(anchor, positive, negatives, share, to: &slopes)
        : addHinge(anchor, positive, negatives[0], share, to: &slopes)
      losses[pool(anchor)] += loss
      active += loss > 0 ? 1 : 0
      totals.add(
        loss: loss, positives: 1, positiveSimilarity: own, kept: negatives.count,
        of: negatives.count, negativeSimilarity: others.reduce(0, +) / Double(others.count))
      totals.pairs.add(
        query: classes.sample(anchor), positives: [classes.sample(positive)],
        negatives: negatives.map { classes.sample($0) })
    }
    var statistics = totals.statistics(of: triplets.count)
    statistics["active_triplets"] = Double(active) / Double(max(triplets.count, 1))
    statistics["triplets"] = Double(triplets.count)
    for idle in ["negatives_kept", "positives_per_query", "active_queries"] {
      statistics[idle] = nil
    }
    let means = zip(losses, counts).map { $1 == 0 ? 0 : $0 * (1 / Double(pools * $1)) }
    return (means.reduce(0, +), statistics, totals.pairs)
  }

  private func addHinge(
    _ anchor: Int, _ positive: Int, _ negative: Int, _ share: Double, to slopes: inout PairSlopes
  ) -> Double {
    let violation =
      slopes.similarity(anchor, negative) - slopes.similarity(anchor, positive) + margin
    guard !(violation <= 0) else { return 0 }
    slopes.add(share, anchor, negative)
    slopes.add(-share, anchor, positive)
    return violation
  }

  private func addInfoNCE(
    _ anchor: Int, _ positive: Int, _ negatives: [Int], _ share: Double,
    to slopes: inout PairSlopes
  ) -> Double {
    let own = slopes.similarity(anchor, positive)
    let exponentials = negatives.map {
      exp((slopes.similarity(anchor, $0) - own) / temperature)
    }
    let whole = exponentials.reduce(1, +)
    for (negative, exponential) in zip(negatives, exponentials) {
      slopes.add(share * exponential / (whole * temperature), anchor, negative)
    }
    slopes.add(share * (1 / whole - 1) / temperature, anchor, positive)
    return log(whole)
  }
}
