/// What is known of queries and gallery, so that a ranking can be judged: evaluation only.
public struct RetrievalTruth: Sendable, Equatable {
  /// The class names; classes are places in it.
  public let names: [String]
  /// Each query's class; −1 for none, which nothing shares.
  public let queryClasses: [Int32]
  /// Each gallery row's class.
  public let galleryClasses: [Int32]
  /// The footage that each query was cut from, where it is known.
  public let queryGroups: [String?]
  /// The footage that each gallery row was cut from.
  public let galleryGroups: [String?]
  /// The classes of queries that have no row, because their video cannot be read: they are missed.
  public let missedClasses: [Int32]

  /// Reads the classes from the ids' folders.
  ///
  /// - Parameters:
  ///   - queryIDs, galleryIDs: the samples of the rows, in their order.
  ///   - missed: the ids of queries that cannot be read.
  ///   - group: the footage of an id, where its name tells it.
  public init(
    queryIDs: [String], galleryIDs: [String], missed: [String], group: (String) -> String?
  ) {
    let labels = TrueLabels(classFoldersOf: galleryIDs + queryIDs + missed)
    let (gallery, queries) = (galleryIDs.count, galleryIDs.count + queryIDs.count)
    names = labels.names
    galleryClasses = Array(labels.classes[..<gallery])
    queryClasses = Array(labels.classes[gallery..<queries])
    missedClasses = Array(labels.classes[queries...])
    queryGroups = queryIDs.map(group)
    galleryGroups = galleryIDs.map(group)
  }

  /// Judges the order of the gallery that a ranking gave a query.
  func outcome(_ order: [Int], for query: Int) -> QueryOutcome {
    let (label, group) = (queryClasses[query], queryGroups[query])
    var outcome = QueryOutcome(label: label, hasSiblings: false)
    var (found, precisions, siblings) = (0, 0.0, 0)
    for (place, row) in order.enumerated() {
      let isSibling = group != nil && galleryGroups[row] == group
      if label >= 0, galleryClasses[row] == label {
        found += 1
        precisions += Double(found) / Double(place + 1)
        outcome.firstHit = min(outcome.firstHit, place)
        if !isSibling { outcome.firstStranger = min(outcome.firstStranger, place - siblings) }
      }
      if isSibling { siblings += 1 }
    }
    outcome.hasSiblings = siblings > 0
    outcome.averagePrecision = found == 0 ? 0 : precisions / Double(found)
    return outcome
  }
}

/// What the ranked gallery says of one query.
struct QueryOutcome: Sendable, Equatable {
  /// The query's class; negative for none.
  let label: Int32
  /// The place of the first row of its class, from 0; `Int.max` without one.
  var firstHit = Int.max
  /// The same among the rows that are not cut from the query's own footage.
  var firstStranger = Int.max
  /// The mean, over the rows of its class, of the share of such rows up to there; 0 without any.
  var averagePrecision = 0.0
  /// Whether the gallery holds clips of the query's own footage.
  var hasSiblings: Bool
}
