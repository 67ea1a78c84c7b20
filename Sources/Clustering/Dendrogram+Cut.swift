extension Dendrogram {
  /// The clusters that the merges below a cut leave.
  ///
  /// With inversions a merge lies as high as the highest one below it, as in SciPy's `fcluster`
  /// (`reaches`): a union that is lower than one of its parts holds where that part holds.
  ///
  /// - Parameters:
  ///   - rule: a height (merges at most that high hold), a number of clusters (above N it means N,
  ///     and no rows have no clusters), a share of the merges, rounded to the nearest, or the widest
  ///     gap between heights. By a share that holds any merge, and by a gap, equal rows stay together,
  ///     even where that leaves fewer clusters than a gap was to leave; `largest` may part them.
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
  /// rule states one. Where everything holds it is the greatest height.
  public func height(of rule: CutRule) -> Double? {
    if case .height(let height) = rule { return height }
    guard !merges.isEmpty else { return nil }
    let kept = mergesKept(by: rule)
    let reaches = reaches
    guard kept < merges.count else { return reaches.last }
    return ((kept > 0 ? reaches[kept - 1] : 0) + reaches[kept]) / 2
  }

  /// For every merge the greatest height in its subtree; its own, where heights never fall.
  ///
  /// That is also the greatest height up to this merge. Where the nearest pair of all is merged, a
  /// merge can only be lower than an earlier one because one of its clusters was made since then, so
  /// the greatest of all is below it. Hence the merges up to any cut come first.
  var reaches: [Double] {
    var highest = 0.0
    return merges.map { merge in
      highest = max(highest, merge.height)
      return highest
    }
  }

  /// How many of the merges hold, the lowest first.
  func mergesKept(by rule: CutRule) -> Int {
    switch rule {
    case .height(let height): merges.prefix { $0.height <= height }.count
    case .count(let clusters): mergesLeaving(clusters)
    case .quantile(let share):
      withEqualRows(Int((min(max(share, 0), 1) * Double(merges.count)).rounded()))
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
    var best = withEqualRows(most)
    var widest = 0.0
    let reaches = reaches
    for kept in stride(from: most, to: 0, by: -1) {
      let gap = reaches[kept] - reaches[kept - 1]
      if gap > widest { (best, widest) = (kept, gap) }
    }
    return best
  }

  /// So many of the lowest merges, or all of equal rows where those are more; none stays none.
  private func withEqualRows(_ kept: Int) -> Int {
    kept > 0 ? max(kept, merges.prefix { $0.height == 0 }.count) : 0
  }
}
