/// How well scores find the classes of queries, in percent: evaluation only.
public struct ClassifierFigures: Codable, Sendable, Equatable {
  /// The share of queries whose class has the highest score.
  public let accuracy: Double
  /// The bounds of its 95 % bootstrap interval over the queries.
  public let interval: [Double]
  /// The share whose class is among the five highest.
  public let accuracy5: Double
  /// The first for each class.
  public let perClass: [String: RetrievalFigures.ClassFigures]

  private enum CodingKeys: String, CodingKey {
    case accuracy, interval
    case accuracy5 = "accuracy_5"
    case perClass = "per_class"
  }

  /// Judges the scores of each class, as places in `truth.names`; ties go to the lowest class, and
  /// queries without a row are missed.
  public init(scores: [[Double]], truth: RetrievalTruth) {
    precondition(
      scores.count == truth.queryClasses.count,
      "\(scores.count) scores for \(truth.queryClasses.count) queries")
    let outcomes = zip(scores, truth.queryClasses).map { scores, label in
      var outcome = QueryOutcome(label: label, hasSiblings: false)
      if label >= 0 {
        let own = Int(label)
        outcome.firstHit = scores.indices.count {
          scores[$0] > scores[own] || (scores[$0] == scores[own] && $0 < own)
        }
      }
      return outcome
    }
    let missed = truth.missedClasses.map { QueryOutcome(label: $0, hasSiblings: false) }
    let figures = RetrievalFigures(outcomes + missed, classNames: truth.names)
    accuracy = figures.recall["1"] ?? 0
    interval = figures.intervals["1"] ?? [0, 100]
    accuracy5 = figures.recall["5"] ?? 0
    perClass = figures.perClass
  }
}
