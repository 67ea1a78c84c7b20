public import Tensors

/// How well rankings of a gallery find the classes of queries, in percent.
///
/// R@k is a hit rate, which this field calls recall: the share of queries whose class is among the k
/// nearest gallery rows. In JSON the depths are texts: `"1"`, `"5"`, ….
public struct RetrievalFigures: Codable, Sendable, Equatable {
  /// The depths that are reported.
  public static let depths = [1, 5, 10, 20, 50]

  /// R@k.
  public let recall: [String: Double]
  /// The bounds of the 95 % bootstrap interval of each R@k over the queries.
  public let intervals: [String: [Double]]
  /// The mean over all queries of the average precision, the whole gallery being ranked.
  public let map: Double
  /// The bounds of its 95 % bootstrap interval.
  public let mapInterval: [Double]
  /// R@k where gallery rows cut from the query's own footage are left out.
  public let siblingAware: [String: Double]
  /// The queries that have such rows.
  public let queriesWithSiblings: Int
  /// R@1 of each class.
  public let perClass: [String: ClassFigures]

  /// One class's queries.
  public struct ClassFigures: Codable, Sendable, Equatable {
    /// How many there are.
    public let queries: Int
    /// Their R@1, in percent.
    public let recall: Double
  }

  private enum CodingKeys: String, CodingKey {
    case recall, intervals, map
    case mapInterval = "map_interval"
    case siblingAware = "recall_without_siblings"
    case queriesWithSiblings = "queries_with_siblings"
    case perClass = "per_class"
  }

  /// Ranks the gallery for every query by cosine, or by what `reranking` makes of it.
  ///
  /// - Parameters:
  ///   - queries: Q·D rows of unit length, or zeros.
  ///   - gallery: N·D rows of unit length, or zeros.
  public init(
    queries: Matrix, gallery: Matrix, truth: RetrievalTruth,
    reranking: ReciprocalReranking? = nil, lanes: LanePool
  ) {
    precondition(
      queries.rows == truth.queryClasses.count && gallery.rows == truth.galleryClasses.count,
      "\(queries.rows) and \(gallery.rows) rows for \(truth.queryClasses.count) queries in a gallery "
        + "of \(truth.galleryClasses.count)")
    let ranking = WholeRanking(queries: queries, gallery: gallery, lanes: lanes)
    let outcomes = ranking.map { query, scores in
      reranking?.rescore(&scores, of: query)
    } _: { query, order in
      truth.outcome(order, for: query)
    }
    let missed = truth.missedClasses.map { QueryOutcome(label: $0, hasSiblings: false) }
    self.init(outcomes + missed, classNames: truth.names)
  }

  init(_ outcomes: [QueryOutcome], classNames: [String]) {
    let resamples = Resamples(outcomes)
    func rates(_ hit: (QueryOutcome) -> Int) -> [String: Double] {
      Dictionary(
        uniqueKeysWithValues: Self.depths.map { k in
          ("\(k)", 100 * mean(outcomes) { hit($0) < k ? 1 : 0 })
        })
    }
    recall = rates(\.firstHit)
    intervals = Dictionary(
      uniqueKeysWithValues: zip(Self.depths.map { "\($0)" }, resamples.recall))
    map = 100 * mean(outcomes, \.averagePrecision)
    mapInterval = resamples.map
    siblingAware = rates(\.firstStranger)
    queriesWithSiblings = outcomes.count(where: \.hasSiblings)
    let classes = Dictionary(grouping: outcomes.filter { $0.label >= 0 }, by: \.label)
    perClass = Dictionary(
      uniqueKeysWithValues: classes.map { label, members in
        let recall = 100 * mean(members) { $0.firstHit == 0 ? 1 : 0 }
        return (classNames[Int(label)], ClassFigures(queries: members.count, recall: recall))
      })
  }
}

/// The mean of a number over queries; 0 without any.
private func mean(_ outcomes: [QueryOutcome], _ value: (QueryOutcome) -> Double) -> Double {
  outcomes.isEmpty ? 0 : outcomes.reduce(0) { $0 + value($1) } / Double(outcomes.count)
}
