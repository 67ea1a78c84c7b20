/// How two labelings of the same rows treat pairs of rows; cheap beside `PartitionQuality`.
///
/// The other labeling may be an earlier epoch's labels, true classes, or the source groups of clips.
/// Where nothing can be wrong a figure is 1.
public struct PairAgreement: Sendable, Equatable {
  /// The pairs that share a cluster.
  public let pairsInClusters: Double
  /// The pairs that share a class of the other labeling.
  public let pairsInClasses: Double
  /// The pairs that share both.
  public let pairsInBoth: Double
  /// The share of pairs treated alike, less what chance would give (Hubert and Arabie, "Comparing
  /// partitions", 1985); scikit-learn's `adjusted_rand_score`.
  public let ari: Double

  /// The share of pairs within a cluster that share a class.
  public var precision: Double { pairsInClusters == 0 ? 1 : pairsInBoth / pairsInClusters }
  /// The share of pairs within a class that share a cluster.
  public var recall: Double { pairsInClasses == 0 ? 1 : pairsInBoth / pairsInClasses }

  /// Compares two labelings, both a number for every row.
  ///
  /// - Complexity: O(N log N)
  public init(of partition: [Int32], with other: [Int32]) {
    self.init(ContingencyTable(partition, other))
  }

  init(_ table: ContingencyTable) {
    let pairs = { (count: Int) in Double(count) * Double(count - 1) / 2 }
    pairsInBoth = table.cells.reduce(0) { $0 + pairs($1.count) }
    pairsInClusters = table.clusters.reduce(0) { $0 + pairs($1) }
    pairsInClasses = table.classes.reduce(0) { $0 + pairs($1) }
    let all = max(pairs(table.total), 1)
    let chance = pairsInClusters * pairsInClasses / all
    let mean = (pairsInClusters + pairsInClasses) / 2
    let isPerfect = pairsInClusters == pairsInBoth && pairsInClasses == pairsInBoth
    ari = isPerfect ? 1 : (pairsInBoth - chance) / (mean - chance)
  }
}
