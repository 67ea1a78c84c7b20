import Foundation
import Tensors

/// DSM: a positive keeps the motion and breaks the scene, a negative of the same video keeps the scene
/// and breaks the motion.
///
/// The anchor is a window that is bent here and there; its positive is the window itself; its own
/// negative is the video at another time, as in the released training loop. In the queue form the
/// positive is a momentum key, earlier keys are further negatives, and the own negative has a
/// gradient:
///
///     −log( e^(a·p/τ) / (e^(a·p/τ) + Σ_queue e^(a·k/τ) + e^(a·n/τ)) )      of unit rows
///
/// In the triplet form all rows have gradients, with d the Euclidean distance of unit rows:
///
///     max(0, d(a,p) − d(a,n) + margin) + max(0, d(a,p) − d(a,o) + margin)
///
/// where o is the positive of the row at the mirrored place of the batch, left out where that shows
/// the same video; or, where not all negatives are kept, one of those that are, at random. Wang et al.,
/// "Enhancing unsupervised video representation learning by decoupling the scene and the motion", AAAI
/// 2021 (arXiv 2009.05757), sections 3.2–3.4.
public struct SceneMotion: Objective {
  /// How the pairs enter the loss.
  public enum Form: String, Codable, Sendable, CaseIterable {
    /// InfoNCE with momentum keys.
    case queue
    /// Two triplets.
    case triplet
  }

  private let form: Form
  private let policy: HardNegatives
  private let contrast: KeyContrast
  private let margin: Double
  private let hidesCoarse: Bool
  private var queue: NegativeQueue

  /// Creates the objective with an empty queue; the knobs are explained in `ObjectiveSettings`.
  public init(
    form: Form = .queue, temperature: Double = 0.07, keepShare: Double = 1, dropShare: Double = 0,
    queueLength: Int = 3569, margin: Double = 0.5, hidesCoarse: Bool = false
  ) {
    self.form = form
    self.margin = margin
    self.hidesCoarse = hidesCoarse
    policy = HardNegatives(keepShare: keepShare, dropShare: dropShare)
    contrast = KeyContrast(temperature: temperature, policy: policy)
    queue = NegativeQueue(capacity: form == .queue ? queueLength : 0)
  }

  /// Only to hide likely false negatives.
  public var usesLabels: Bool { hidesCoarse }

  /// The bent window, the window itself, and another one of the video.
  public var views: [View] {
    [View(.warped), View(.again, by: form == .queue ? .momentum : .trained), View(.apart)]
  }

  /// The queue.
  public var state: ObjectiveState {
    get { queue.state }
    set { queue.state = newValue }
  }

  /// Computes the loss and its gradient, then takes the keys into the queue.
  public mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    switch form {
    case .queue: return evaluateQueue(batch)
    case .triplet: return evaluateTriplets(batch)
    }
  }

  private mutating func evaluateQueue(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let rows = batch.views.map(UnitRows.init)
    let queued = PoolLabels(queue.samples, fine: batch.fine, coarse: batch.coarse)
    let (samples, coarse, hides) = (batch.samples, batch.coarse, hidesCoarse)
    let outcome = contrast.evaluate(
      KeyContrast.Pairs(
        queries: rows[0].unit, positives: rows[1].unit, own: rows[2].unit, pools: [queue.rows],
        candidates: { query in
          queued.rows(
            besides: [samples[0][query], samples[1][query]],
            coarse: hides ? coarse[samples[0][query]] : -1)
        }, samples: (samples[0], samples[1]), sample: { Int(queued.samples[$0]) }))
    queue.append(rows[1], samples: batch.samples[1])
    return LossAndGradient(
      loss: outcome.loss,
      gradients: [
        rows[0].gradient(of: outcome.queries, scale: 1), Matrix(rows: 0, columns: 0),
        rows[2].gradient(of: outcome.own, scale: 1),
      ], statistics: outcome.statistics, pairs: outcome.pairs)
  }

  private func evaluateTriplets(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let count = batch.views[0].rows
    var pairs = PairSlopes(UnitRows(batch.rows))
    var (loss, positive, negative, active) = (0.0, 0.0, 0.0, 0)
    var sample = PairSample()
    for anchor in 0..<count {
      let stranger = stranger(to: anchor, in: batch, pairs)
      sample.add(
        query: batch.samples[0][anchor], positives: [batch.samples[1][anchor]],
        negatives: stranger.map { [batch.samples[1][$0]] } ?? [])
      let near = pairs.similarity(anchor, count + anchor)
      positive += near / Double(count)
      let others = [2 * count + anchor] + (stranger.map { [count + $0] } ?? [])
      for (place, other) in others.enumerated() {
        let far = pairs.similarity(anchor, other)
        if place == 0 { negative += far / Double(count) }
        let violation = Self.distance(near) - Self.distance(far) + margin
        guard !(violation <= 0) else { continue }
        loss += violation / Double(count)
        active += 1
        pairs.add(Self.slope(near) / Double(count), anchor, count + anchor)
        pairs.add(-Self.slope(far) / Double(count), anchor, other)
      }
    }
    return LossAndGradient(
      loss: loss, gradients: pairs.gradient().split(into: 3),
      statistics: [
        "positive_similarity": positive, "negative_similarity": negative,
        "active_triplets": Double(active) / Double(max(2 * count, 1)),
      ], pairs: sample)
  }

  /// The place of the positive of another video that an anchor meets, if there is one.
  private func stranger(
    to anchor: Int, in batch: borrowing EmbeddedBatch, _ pairs: PairSlopes
  ) -> Int? {
    let (count, sample) = (batch.views[0].rows, batch.samples[0][anchor])
    let positives = PoolLabels(batch.samples[1], fine: batch.fine, coarse: batch.coarse)
    let candidates = positives.rows(
      besides: [sample, batch.samples[1][anchor]],
      coarse: hidesCoarse ? batch.coarse[sample] : -1)
    guard policy != .keepingAll else {
      return candidates.contains(count - 1 - anchor) ? count - 1 - anchor : nil
    }
    let kept = pairs.hardest(candidates.map { count + $0 }, of: anchor, policy)
    guard !kept.isEmpty else { return nil }
    var random = RandomStream(
      seed: batch.seed, purpose: .objective, epoch: batch.step, sample: anchor)
    return kept[random.integer(below: kept.count)] - count
  }

  /// The Euclidean distance of unit rows with a cosine.
  private static func distance(_ cosine: Double) -> Double {
    cosine.isNaN ? cosine : max(0, 2 - 2 * cosine).squareRoot()
  }

  /// ∂distance/∂cosine; 0 where two rows are one.
  private static func slope(_ cosine: Double) -> Double {
    let distance = distance(cosine)
    return distance > 1e-3 ? -1 / distance : 0
  }
}
