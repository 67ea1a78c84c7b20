extension Dendrogram {
  /// The clusters that the merges below a cut leave.
  ///
  /// - Parameter rule: a height (merges at most that high hold), a number of clusters (above N it
  ///   means N, and no rows have no clusters), or a share of the merges, rounded to the nearest.
  /// - Complexity: O(N)
  public func cut(_ rule: CutRule) -> Partition {
    switch rule {
    case .height(let height): keeping(merges.prefix { $0.height <= height }.count)
    case .count(let clusters):
      keeping(merges.count - (clampedClusterCount(clusters) - 1))
    case .quantile(let share):
      keeping(Int((min(max(share, 0), 1) * Double(merges.count)).rounded()))
    }
  }

  private func clampedClusterCount(_ clusters: Int) -> Int {
    precondition(clusters >= 1, "a cut cannot leave \(clusters) clusters")
    return min(clusters, merges.count + 1)
  }

  /// The partition after the first `kept` merges, which contain with a merge all those below it.
  private func keeping(_ kept: Int) -> Partition {
    var root = Array(0..<count + kept)
    for index in stride(from: kept - 1, through: 0, by: -1) {
      let merge = merges[index]
      root[merge.left] = root[count + index]
      root[merge.right] = root[count + index]
    }
    return Partition(numbering: root[..<count])
  }
}
