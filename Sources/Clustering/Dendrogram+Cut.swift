extension Dendrogram {
  /// The clusters that the merges below a cut leave.
  ///
  /// - Parameters:
  ///   - rule: a height (merges at most that high hold), a number of clusters (above N it means N,
  ///     and no rows have no clusters), a share of the merges, rounded to the nearest, or the widest
  ///     gap between heights.
  ///   - largest: the most rows of a cluster, at least 1; larger ones are cut further down, at their
  ///     highest merges. Nil sets no limit.
  /// - Complexity: O(N)
  public func cut(_ rule: CutRule, largest: Int? = nil) -> Partition {
    precondition(largest ?? 1 >= 1, "a cluster cannot have at most \(largest ?? 1) rows")
    return partition(ofLowest: mergesKept(by: rule), largest: largest)
  }

  /// How many clusters a cut leaves.
  public func clusters(at rule: CutRule) -> Int { count - mergesKept(by: rule) }

  /// Where a cut lies on the axis of heights; nil without merges.
  ///
  /// Halfway between the highest merge that holds and the lowest that does not; a height where the
  /// rule states one. Where everything holds it is the root's height.
  public func height(of rule: CutRule) -> Double? {
    if case .height(let height) = rule { return height }
    guard let root = merges.last else { return nil }
    let kept = mergesKept(by: rule)
    guard kept < merges.count else { return root.height }
    return ((kept > 0 ? merges[kept - 1].height : 0) + merges[kept].height) / 2
  }

  /// How many of the merges hold, the lowest first.
  func mergesKept(by rule: CutRule) -> Int {
    switch rule {
    case .height(let height): merges.prefix { $0.height <= height }.count
    case .count(let clusters): mergesLeaving(clusters)
    case .quantile(let share):
      Int((min(max(share, 0), 1) * Double(merges.count)).rounded())
    case .gap(let clusters): mergesBelowWidestGap(leaving: clusters)
    }
  }

  /// The clusters of the merges before `kept` that make at most `largest` rows.
  ///
  /// Counts grow towards the root, so with a merge all those below it hold.
  func partition(ofLowest kept: Int, largest: Int? = nil) -> Partition {
    var root = Array(0..<count + kept)
    for index in stride(from: kept - 1, through: 0, by: -1) {
      let merge = merges[index]
      if let largest, merge.count > largest { continue }
      root[merge.left] = root[count + index]
      root[merge.right] = root[count + index]
    }
    return Partition(numbering: root[..<count])
  }

  private func mergesLeaving(_ clusters: Int) -> Int {
    precondition(clusters >= 1, "a cut cannot leave \(clusters) clusters")
    return max(0, merges.count + 1 - clusters)
  }

  private func mergesBelowWidestGap(leaving clusters: Int) -> Int {
    let most = mergesLeaving(max(clusters, 2))
    var best = most
    var widest = -Double.infinity
    for kept in stride(from: most, to: 0, by: -1) {
      let gap = merges[kept].height - merges[kept - 1].height
      if gap > widest { (best, widest) = (kept, gap) }
    }
    return best
  }
}
