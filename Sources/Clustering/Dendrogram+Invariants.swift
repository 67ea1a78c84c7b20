extension Dendrogram {
  /// What is wrong with this dendrogram of a linkage without inversions, in words, or nil if it is
  /// sound.
  var violation: String? { violation(allowingInversions: false) }

  /// What is wrong with this dendrogram, in words, or nil if it is sound.
  ///
  /// Sound is: N − 1 merges; heights are finite, not negative and never decrease; every cluster but
  /// the last is merged exactly once, after it was made; counts add up; the lower id is left. With
  /// inversions a height may decrease, but not below the greatest one in all subtrees but its own.
  ///
  /// - Complexity: O(N)
  func violation(allowingInversions: Bool) -> String? {
    guard merges.count == max(count - 1, 0) else {
      return "\(merges.count) merges for \(count) rows"
    }
    var rowsOf = [Int](repeating: 1, count: count)
    var used = [Bool](repeating: false, count: count + merges.count)
    var reachOf = [Double](repeating: 0, count: count)
    var previous = 0.0
    for (index, merge) in merges.enumerated() {
      guard merge.left >= 0, merge.left < merge.right, merge.right < count + index else {
        return "merge \(index) joins \(merge.left) and \(merge.right)"
      }
      let reach = max(merge.height, reachOf[merge.left], reachOf[merge.right])
      guard merge.height.isFinite, merge.height >= 0,
        (allowingInversions ? reach : merge.height) >= previous
      else { return "merge \(index) is at \(merge.height), after \(previous)" }
      guard !used[merge.left], !used[merge.right] else {
        return "merge \(index) joins \(merge.left) and \(merge.right), one of them again"
      }
      guard merge.count == rowsOf[merge.left] + rowsOf[merge.right] else {
        return "merge \(index) counts \(merge.count) rows"
      }
      used[merge.left] = true
      used[merge.right] = true
      rowsOf.append(merge.count)
      reachOf.append(reach)
      previous = reach
    }
    return nil
  }
}
