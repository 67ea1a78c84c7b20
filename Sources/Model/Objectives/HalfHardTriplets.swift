import Tensors

/// Triplets of one-shot clusters: half of a batch's are its hardest, half are random.
///
/// Each sample gives an anchor and a positive, of its own video or of its cluster, and both meet every
/// admissible negative of the batch. Of all these triplets B/2 are kept for their loss, and B/2 of the
/// others at random; B is the number of samples. With d = 1 − cosine the loss is their mean of
/// max(0, d(a,p) − d(a,n) + margin). The random half keeps false negatives, which are among the
/// hardest, from ruling. Koreitem, Shkurti, Manderson, Chang, Higuera and Dudek, "One-shot informed
/// robotic visual search in the wild", IROS 2020 (arXiv 2003.10010), and its released code (16 and
/// 16, margin 0.5).
public struct HalfHardTriplets: Objective {
  private let margin: Double
  private let policy: HardNegatives
  private let ownShare: Double

  /// Creates the objective; the knobs are explained in `ObjectiveSettings`.
  public init(
    margin: Double = 0.5, keepShare: Double = 1, dropShare: Double = 0, ownShare: Double = 0.5
  ) {
    self.margin = margin
    self.ownShare = ownShare
    policy = HardNegatives(keepShare: keepShare, dropShare: dropShare)
  }

  /// Positives and negatives follow the pseudo labels.
  public var usesLabels: Bool { true }

  /// A view, and another of the video or of a cluster mate.
  public var views: [View] {
    [View(.augmented), View(.augmented, of: .mate(ownShare: ownShare))]
  }

  /// Empty: nothing is remembered.
  public var state: ObjectiveState {
    get { ObjectiveState() }
    set { precondition(newValue == ObjectiveState(), "koreitem has no memory to restore") }
  }

  /// Computes the loss and its gradient.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let half = batch.views[0].rows
    var slopes = PairSlopes(UnitRows(batch.rows))
    let classes = RowClasses(
      batch.samples[0] + batch.samples[1], fine: batch.fine, coarse: batch.coarse)
    var triplets: [(anchor: Int, negative: Int)] = []
    // Ranked by the violation of the margin, which may be below zero, then by position.
    var keys: [UInt64] = []
    for anchor in 0..<2 * half {
      let own = slopes.similarity(anchor, Self.partner(of: anchor, half))
      for negative in slopes.hardest(classes.negatives(of: anchor), of: anchor, policy) {
        let violation = slopes.similarity(anchor, negative) - own
        // NaN ranks first, so that the loss tells of it.
        let rank = violation.isNaN ? .infinity : Float(violation)
        keys.append(HardNegatives.key(rank, at: triplets.count))
        triplets.append((anchor, negative))
      }
    }
    let hard = min((half + 1) / 2, triplets.count)
    let hardest = keys.sorted(by: >).prefix(hard).map(HardNegatives.position)
    // The others in their own order, so that the draw does not depend on how hard they are.
    let isHard = Set(hardest)
    let others = triplets.indices.filter { !isHard.contains($0) }
    var random = RandomStream(seed: batch.seed, purpose: .objective, epoch: batch.step)
    let drawn = random.permutation(of: others.count).prefix(half / 2)
    let kept = hardest + drawn.map { others[$0] }

    var pairs = PairSample()
    let share = kept.isEmpty ? 0 : 1 / Double(kept.count)
    var (loss, active, positive, negative) = (0.0, 0.0, 0.0, 0.0)
    for place in kept {
      let triplet = triplets[place]
      let partner = Self.partner(of: triplet.anchor, half)
      let own = slopes.similarity(triplet.anchor, partner)
      let other = slopes.similarity(triplet.anchor, triplet.negative)
      pairs.add(
        query: classes.sample(triplet.anchor), positives: [classes.sample(partner)],
        negatives: [classes.sample(triplet.negative)])
      positive += own * share
      negative += other * share
      guard !(other - own + margin <= 0) else { continue }
      loss += (other - own + margin) * share
      active += share
      slopes.add(share, triplet.anchor, triplet.negative)
      slopes.add(-share, triplet.anchor, partner)
    }
    return LossAndGradient(
      loss: loss, gradients: slopes.gradient().split(into: 2),
      statistics: [
        "positive_similarity": positive, "negative_similarity": negative,
        "active_triplets": active, "triplets": Double(kept.count),
      ], pairs: pairs)
  }

  /// The row of the other view.
  private static func partner(of row: Int, _ half: Int) -> Int {
    row < half ? row + half : row - half
  }
}
