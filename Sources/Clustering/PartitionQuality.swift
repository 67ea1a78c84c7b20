import Foundation

/// How well clusters agree with classes; for reports alone, nothing is steered by it.
///
/// Strehl and Ghosh, JMLR 2002 (NMI, here with the arithmetic mean as in scikit-learn); Hubert and
/// Arabie, Journal of Classification 1985 (ARI).
public struct PartitionQuality: Sendable, Codable, Equatable {
  /// Normalised mutual information, 0…1.
  public let nmi: Double
  /// The adjusted Rand index, 1 for equal partitions and 0 on average for random ones.
  public let ari: Double
  /// The share of rows that belong to the commonest class of their cluster.
  public let purity: Double
  /// The share of pairs of one cluster that are of one class; 1 where there is no such pair.
  public let pairPrecision: Double
  /// The share of pairs of one class that are in one cluster; 1 where there is no such pair.
  public let pairRecall: Double
  /// The number of clusters.
  public let clusterCount: Int
  /// The share of rows in the largest cluster.
  public let largestShare: Double
  /// The share of rows that are alone in their cluster.
  public let singletonShare: Double

  /// Compares a cluster number with a class number a row.
  public init(of clusters: [Int32], against classes: [Int32]) {
    precondition(clusters.count == classes.count, "one cluster and one class a row")
    struct Cell: Hashable {
      let cluster: Int32
      let of: Int32
    }
    let rows = Double(max(clusters.count, 1))
    var cells: [Cell: Int] = [:]
    var clusterSizes: [Int32: Int] = [:]
    var classSizes: [Int32: Int] = [:]
    for (cluster, of) in zip(clusters, classes) {
      cells[Cell(cluster: cluster, of: of), default: 0] += 1
      clusterSizes[cluster, default: 0] += 1
      classSizes[of, default: 0] += 1
    }
    // Dictionaries have no order; sums of sorted terms do.
    func entropy(_ sizes: [Int32: Int]) -> Double {
      -sizes.values.sorted().reduce(0) { $0 + Double($1) / rows * log(Double($1) / rows) }
    }
    let information = cells.map { cell, count in
      Double(count) / rows
        * log(
          Double(count) * rows
            / (Double(clusterSizes[cell.cluster] ?? 1) * Double(classSizes[cell.of] ?? 1)))
    }.sorted().reduce(0, +)
    let mean = (entropy(clusterSizes) + entropy(classSizes)) / 2
    nmi = mean > 0 ? min(max(information / mean, 0), 1) : 1

    var commonest: [Int32: Int] = [:]
    for (cell, count) in cells {
      commonest[cell.cluster] = max(commonest[cell.cluster] ?? 0, count)
    }
    purity = Double(commonest.values.reduce(0, +)) / rows

    func pairs(_ sizes: some Sequence<Int>) -> Double {
      sizes.reduce(0) { $0 + Double($1) * Double($1 - 1) / 2 }
    }
    let together = pairs(cells.values)
    let (inCluster, inClass) = (pairs(clusterSizes.values), pairs(classSizes.values))
    let all = rows * (rows - 1) / 2
    let expected = all > 0 ? inCluster * inClass / all : 0
    let largest = (inCluster + inClass) / 2
    ari = largest == expected ? 1 : (together - expected) / (largest - expected)
    pairPrecision = inCluster > 0 ? together / inCluster : 1
    pairRecall = inClass > 0 ? together / inClass : 1
    clusterCount = clusterSizes.count
    largestShare = Double(clusterSizes.values.max() ?? 0) / rows
    singletonShare = Double(clusterSizes.values.count { $0 == 1 }) / rows
  }
}
