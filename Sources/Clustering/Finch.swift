public import Tensors

/// FINCH: clusters by first neighbours, level by level, without any parameter.
///
/// Sarfraz, Sharma and Stiefelhagen, "Efficient parameter-free clustering using first neighbor
/// relations", CVPR 2019 (arXiv 1902.11266), equation 1 and algorithm 1, on cosine similarity. Rows
/// are linked to their first neighbours, and connected rows are the first partition; the means of
/// its clusters, of the rows as given, are linked in the same way, and so on.
///
/// Neighbours are exact at every level; of equally similar ones, the row or the cluster with the
/// lowest index is the first. The authors' code has the same rule for ties, of distances that it rounds
/// to single precision, so it sees a few more. It has a further rule (links longer than the longest of
/// the first partition are cut), which the paper has not, and neither has this.
public struct Finch: Sendable, Equatable {
  /// The partitions, finest first; each lies within the next and has fewer clusters.
  ///
  /// One cluster of all is among them only where the first partition is that already, and no rows
  /// have one partition without clusters.
  public let partitions: [Partition]

  /// Clusters rows.
  ///
  /// - Parameters:
  ///   - rows: N·D, of any length but zero.
  ///   - lanes: the threads that compute; their number changes nothing.
  ///   - team: ranks that share the searches; all call this with the same rows, and all get the same
  ///     partitions.
  ///   - progress: told how far the search for a partition is, and its number of clusters, on the
  ///     caller's thread.
  /// - Throws: `ClusteringError` naming all rows that are zero, or NaN or infinite. And what the team
  ///   throws.
  /// - Complexity: O(N·D) memory; N²·D multiplications for the first partition, a fraction of that
  ///   for the others.
  public init(
    of rows: Matrix, lanes: LanePool, team: (any SearchTeam)? = nil,
    progress: ClusteringProgress.Report? = nil
  ) throws {
    func joined(_ space: RowSpace) throws -> Partition {
      try FirstNeighbors(of: space, lanes: lanes, team: team ?? Alone(), progress: progress)
        .components
    }
    var partition = try joined(RowSpace(rows, metric: .cosine))
    var partitions = [partition]
    progress?(.joining(left: partition.clusterCount))
    while partition.clusterCount > 1 {
      let means = Self.means(of: rows, in: partition)
      // Rows that cancel out have a mean without a direction: nothing is nearest to it.
      guard let space = try? RowSpace(means, metric: .cosine) else { break }
      let joined = try joined(space)
      if joined.clusterCount == 1 { break }
      partition = Partition(numbering: partition.labels.map { joined.labels[Int($0)] })
      partitions.append(partition)
      progress?(.joining(left: partition.clusterCount))
    }
    self.partitions = partitions
  }

  /// A partition for positives and a coarser one that protects likely positives, as in SLIC's
  /// `multiple_partition`; the last partition stands for those beyond it.
  public func levels(fine: Int, coarse: Int) -> TwoLevelPartition {
    precondition(0 <= fine && fine <= coarse, "partition \(coarse) is not coarser than \(fine)")
    let last = partitions.count - 1
    return TwoLevelPartition(
      fine: partitions[min(fine, last)], coarse: partitions[min(coarse, last)])
  }

  /// The means of the clusters' rows, summed in double precision and in row order.
  private static func means(of rows: Matrix, in partition: Partition) -> Matrix {
    let width = rows.columns
    var sums = [Double](repeating: 0, count: partition.clusterCount * width)
    for (row, label) in partition.labels.enumerated() {
      let (from, to) = (row * width, Int(label) * width)
      for column in 0..<width { sums[to + column] += Double(rows.values[from + column]) }
    }
    var means = Matrix(rows: partition.clusterCount, columns: width)
    for (cluster, size) in partition.sizes.enumerated() {
      for column in cluster * width..<(cluster + 1) * width {
        means.values[column] = Float(sums[column] / Double(size))
      }
    }
    return means
  }
}
