internal import Model
internal import Worker

/// What an epoch's steps looked like, as `metrics.jsonl` has it; rank 0 keeps it, and nothing is
/// steered by it.
struct EpochDiagnostics {
  private let labels: LabelReport
  private var spread = EmbeddingSpread()
  private var pairs = PairShares()
  private var gradientNorm = 0.0
  private var learningRate = 0.0
  private var steps = 0

  init(_ labels: LabelReport) { self.labels = labels }

  /// Takes a step in; one that is not finite is left out.
  mutating func add(_ report: StepReport) {
    guard report.isFinite else { return }
    steps += 1
    gradientNorm += report.gradientNorm
    learningRate = report.learningRate
    spread.add(report.views[0], positives: report.views[1])
    labels.count(report.pairs, into: &pairs)
  }

  /// Forgets the epoch.
  mutating func reset() { self = EpochDiagnostics(labels) }

  /// The fields of the epoch's line; what is not known is left out.
  var fields: [String: MetricValue] {
    guard steps > 0 else { return [:] }
    let spectrum = spread.spectrum(axes: 16)
    var fields: [String: MetricValue] = [
      "gradient_norm": .number(gradientNorm / Double(steps)),
      "learning_rate": .number(learningRate), "effective_rank": .number(spread.effectiveRank),
      "largest_variance_share": .number(spectrum.first ?? 0),
      "variance_spectrum": .numbers(spectrum),
      "alignment": .number(spread.alignment), "uniformity": .number(spread.uniformity),
    ]
    for (name, share) in pairs.shares { fields[name] = .number(share) }
    return fields
  }
}

/// What classes and footage say of pairs that losses were made of.
struct PairShares {
  /// Pairs of a kind, and those of them that have a property.
  struct Count {
    var all = 0
    var some = 0

    mutating func add(_ holds: Bool) {
      all += 1
      some += holds ? 1 : 0
    }
  }

  /// Positives of another class than the query's.
  var falsePositives = Count()
  /// Negatives of the query's class.
  var falseNegatives = Count()
  /// Positives that show the query's own video.
  var ownVideos = Count()
  /// Positives of other videos that are cut from the query's footage.
  var siblings = Count()

  /// The shares that there are pairs for.
  var shares: [(name: String, share: Double)] {
    [
      ("false_positive_share", falsePositives), ("false_negative_share", falseNegatives),
      ("own_video_share", ownVideos), ("sibling_positive_share", siblings),
    ].filter { $0.1.all > 0 }.map { ($0.0, Double($0.1.some) / Double($0.1.all)) }
  }
}
