internal import Tensors

/// How often the nearest gallery rows hold a query's class.
public struct RecallReport: Codable, Sendable, Equatable {
  /// For each k, the share of queries, in percent, whose class is among the k nearest.
  ///
  /// A hit rate, which this field calls recall. In JSON the keys are texts: `"1"`, `"5"`, ….
  public let recall: [Int: Double]
  /// The bounds of the 95 % bootstrap interval of R@1 over the queries, in percent; always the same
  /// for the same hits.
  public let interval: [Double]
  /// The mean average precision in percent, where every query has the whole gallery ranked.
  public let meanAveragePrecision: Double?
  /// The number of queries; every one counts.
  public let queries: Int
  /// The number of gallery rows.
  public let gallery: Int

  /// Counts hits.
  ///
  /// - Parameters:
  ///   - neighbors: each query's nearest gallery rows, nearest first; a query without any is missed.
  ///   - queryLabels: each query's class; negative for none, which nothing shares.
  ///   - galleryLabels: each gallery row's class, in the same numbering.
  ///   - ks: the depths; a k beyond the gallery means all of it.
  /// - Complexity: O(listed neighbours), and 1000 draws a query for the interval.
  public init(
    neighbors: [[Neighbor]], queryLabels: [Int32], galleryLabels: [Int32],
    at ks: [Int] = [1, 5, 10, 20, 50]
  ) {
    precondition(
      neighbors.count == queryLabels.count,
      "\(queryLabels.count) labels for \(neighbors.count) queries")
    let hits = zip(neighbors, queryLabels).map { list, label in
      list.map { label >= 0 && galleryLabels[$0.index] == label }
    }
    let firsts = hits.map { $0.firstIndex(of: true) ?? Int.max }
    recall = Dictionary(
      ks.map { k in (k, Self.percent(firsts.count { $0 < k }, of: firsts.count)) },
      uniquingKeysWith: { first, _ in first })
    interval = Self.bootstrap(firsts.map { $0 == 0 })
    queries = neighbors.count
    gallery = galleryLabels.count
    let isRankedWhole = neighbors.allSatisfy { $0.count == galleryLabels.count }
    meanAveragePrecision =
      isRankedWhole && !hits.isEmpty
      ? 100 * hits.map(Self.averagePrecision).reduce(0, +) / Double(hits.count) : nil
  }

  /// Counts hits of classes that are told apart by name, so both sides may be numbered on their own.
  public init(
    neighbors: [[Neighbor]], queryLabels: TrueLabels, galleryLabels: TrueLabels,
    at ks: [Int] = [1, 5, 10, 20, 50]
  ) {
    let numbers = Dictionary(
      uniqueKeysWithValues: galleryLabels.names.enumerated().map { ($1, Int32($0)) })
    let renumbered = queryLabels.classes.map { label in
      label < 0 ? -1 : numbers[queryLabels.names[Int(label)]] ?? -1
    }
    self.init(
      neighbors: neighbors, queryLabels: renumbered, galleryLabels: galleryLabels.classes, at: ks)
  }

  private static func percent(_ part: Int, of whole: Int) -> Double {
    whole == 0 ? 0 : 100 * Double(part) / Double(whole)
  }

  /// The mean, over the places of the hits, of the share of hits up to there; 0 without hits.
  private static func averagePrecision(_ hits: [Bool]) -> Double {
    var found = 0
    var sum = 0.0
    for (place, isHit) in hits.enumerated() where isHit {
      found += 1
      sum += Double(found) / Double(place + 1)
    }
    return found == 0 ? 0 : sum / Double(found)
  }

  /// The 2.5 and 97.5 % quantiles of the share of hits in 1000 resamples (Efron, Annals of
  /// Statistics 1979); without queries anything is possible.
  private static func bootstrap(_ hits: [Bool]) -> [Double] {
    guard !hits.isEmpty else { return [0, 100] }
    var random = RandomStream(seed: 0, purpose: .bootstrap)
    let shares = (0..<1000).map { _ in
      percent(hits.indices.count { _ in hits[random.integer(below: hits.count)] }, of: hits.count)
    }.sorted()
    return [shares[24], shares[974]]
  }
}
