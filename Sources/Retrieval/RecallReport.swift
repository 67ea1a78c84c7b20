internal import Tensors

/// How often the nearest gallery rows hold a query's class.
public struct RecallReport: Codable, Sendable, Equatable {
  /// For each k, the share of queries, in percent, whose class is among the k nearest.
  public let recall: [Int: Double]
  /// The bounds of the 95 % bootstrap interval of R@1 over the queries, in percent.
  public let interval: [Double]
  /// The number of queries; every one counts.
  public let queries: Int
  /// The number of gallery rows.
  public let gallery: Int

  /// Counts hits.
  ///
  /// - Parameters:
  ///   - neighbors: each query's nearest gallery rows, nearest first.
  ///   - ks: the depths; a k beyond the gallery means all of it.
  public init(
    neighbors: [[Neighbor]], queryLabels: [Int32], galleryLabels: [Int32], at ks: [Int]
  ) {
    precondition(neighbors.count == queryLabels.count, "one label a query")
    let firstHits = zip(neighbors, queryLabels).map { list, label in
      list.firstIndex { galleryLabels[$0.index] == label } ?? Int.max
    }
    let total = Double(max(firstHits.count, 1))
    recall = Dictionary(
      ks.map { k in (k, 100 * Double(firstHits.count { $0 < k }) / total) },
      uniquingKeysWith: { first, _ in first })
    interval = Self.bootstrap(firstHits.map { $0 == 0 })
    queries = firstHits.count
    gallery = galleryLabels.count
  }

  /// The 2.5 and 97.5 % quantiles of the mean of 1,000 resamples (Efron, 1979), in percent.
  private static func bootstrap(_ hits: [Bool]) -> [Double] {
    guard !hits.isEmpty else { return [0, 0] }
    var random = RandomStream(seed: 0, purpose: .bootstrap)
    let means = (0..<1000).map { _ in
      let count = hits.indices.count { _ in hits[random.integer(below: hits.count)] }
      return 100 * Double(count) / Double(hits.count)
    }.sorted()
    return [means[25], means[974]]
  }
}
