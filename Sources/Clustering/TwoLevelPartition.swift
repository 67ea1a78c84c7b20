/// Two partitions of the same rows, every fine cluster within one coarse cluster.
public struct TwoLevelPartition: Sendable, Equatable {
  /// Rows of one cluster are positives of each other.
  public let fine: Partition
  /// Rows of one cluster are never negatives of each other.
  public let coarse: Partition

  /// Pairs two nested partitions.
  public init(fine: Partition, coarse: Partition) {
    precondition(
      coarse.contains(fine),
      "\(fine.clusterCount) fine clusters do not lie within \(coarse.clusterCount) coarse ones")
    self.fine = fine
    self.coarse = coarse
  }
}

extension Partition {
  /// Whether every cluster of another partition lies within one cluster of this.
  ///
  /// - Complexity: O(N)
  public func contains(_ finer: Partition) -> Bool {
    guard labels.count == finer.labels.count else { return false }
    var home = [Int32](repeating: -1, count: finer.clusterCount)
    for (label, fine) in zip(labels, finer.labels) {
      if home[Int(fine)] < 0 { home[Int(fine)] = label }
      if home[Int(fine)] != label { return false }
    }
    return true
  }
}
