/// How well a partition agrees with true classes; only evaluation may know these.
///
/// Where nothing can be wrong a figure is 1: agreement of no rows, precision of a partition into
/// single rows, recall where no two rows share a class.
/// NMI, AMI and ARI equal scikit-learn's `normalized_mutual_info_score` (arithmetic mean),
/// `adjusted_mutual_info_score` and `adjusted_rand_score`.
public struct PartitionQuality: Sendable, Codable, Equatable {
  /// The mutual information over the mean of both entropies.
  public let nmi: Double
  /// The same, less what chance would give (Vinh, Epps and Bailey, JMLR 2010).
  public let ami: Double
  /// The share of pairs treated alike, less what chance would give (Hubert and Arabie, 1985).
  public let ari: Double
  /// The share of rows whose class is the commonest of their cluster.
  public let purity: Double
  /// The share of pairs within a cluster that share a class.
  public let pairPrecision: Double
  /// The share of pairs within a class that share a cluster.
  public let pairRecall: Double
  /// The number of clusters.
  public let clusterCount: Int
  /// The share of rows in the largest cluster; 0 without rows.
  public let largestShare: Double
  /// The share of rows that are alone in their cluster; 0 without rows.
  public let singletonShare: Double

  /// Compares a partition with true classes, both a number for every row.
  ///
  /// - Complexity: O(N log N), and for `ami` O(distinct cluster sizes × distinct class sizes ×
  ///   smaller size).
  public init(of partition: [Int32], against truth: [Int32]) {
    let table = ContingencyTable(partition, truth)
    let total = Double(table.total)
    let isPerfect =
      table.cells.count == table.clusters.count && table.cells.count == table.classes.count

    let information = table.mutualInformation
    let meanEntropy = (table.entropy(table.clusters) + table.entropy(table.classes)) / 2
    nmi = isPerfect ? 1 : information / max(meanEntropy, .ulpOfOne)
    let expected = isPerfect ? 0 : table.expectedMutualInformation
    let room = meanEntropy - expected
    ami =
      isPerfect
      ? 1 : (information - expected) / (room < 0 ? min(room, -.ulpOfOne) : max(room, .ulpOfOne))

    let pairs = PairAgreement(table)
    ari = pairs.ari
    pairPrecision = pairs.precision
    pairRecall = pairs.recall

    var commonest = [Int](repeating: 0, count: table.clusters.count)
    for cell in table.cells { commonest[cell.cluster] = max(commonest[cell.cluster], cell.count) }
    purity = table.total == 0 ? 1 : Double(commonest.reduce(0, +)) / total
    clusterCount = table.clusters.count
    largestShare = table.total == 0 ? 0 : Double(table.clusters.max() ?? 0) / total
    singletonShare = table.total == 0 ? 0 : Double(table.clusters.count { $0 == 1 }) / total
  }
}
