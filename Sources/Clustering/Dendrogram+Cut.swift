extension Dendrogram {
  /// The clusters that remain when only the merges up to the cut hold.
  ///
  /// Merges of equal height stand or fall together for `.height`; `.count` and `.quantile` take the
  /// merges in their order. A count beyond the rows gives every row its own cluster.
  public func cut(_ rule: CutRule) -> Partition {
    let kept: Int
    switch rule {
    case .height(let height): kept = merges.prefix { $0.height <= height }.count
    case .count(let clusters): kept = min(max(count - clusters, 0), merges.count)
    case .quantile(let share): kept = Int((Double(merges.count) * share).rounded(.down))
    }
    var members = Array(0..<count)
    var sets = DisjointSets(count: count)
    for merge in merges.prefix(kept) {
      members.append(sets.join(sets.find(members[merge.left]), sets.find(members[merge.right])))
    }
    return Partition(naming: (0..<count).map { sets.find($0) })
  }
}
