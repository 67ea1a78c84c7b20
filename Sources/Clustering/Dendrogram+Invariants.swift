extension Dendrogram {
  /// What is wrong with the tree; nil if nothing is.
  ///
  /// Every cluster is merged at most once and after it exists, sizes add up, heights never decrease.
  public var brokenInvariant: String? {
    guard merges.count == max(count - 1, 0) else {
      return "\(merges.count) merges for \(count) rows"
    }
    var sizes = [Int](repeating: 1, count: count)
    var isUsed = [Bool](repeating: false, count: count + merges.count)
    for (index, merge) in merges.enumerated() {
      guard 0 <= merge.left, merge.left < merge.right, merge.right < count + index else {
        return "merge \(index) joins \(merge.left) and \(merge.right)"
      }
      guard !isUsed[merge.left], !isUsed[merge.right] else {
        return "merge \(index) uses \(merge.left) or \(merge.right) again"
      }
      isUsed[merge.left] = true
      isUsed[merge.right] = true
      guard merge.count == sizes[merge.left] + sizes[merge.right] else {
        return "merge \(index) has \(merge.count) rows"
      }
      sizes.append(merge.count)
      guard merge.height >= (index == 0 ? 0 : merges[index - 1].height) else {
        return "merge \(index) is at \(merge.height), below the one before"
      }
    }
    return nil
  }
}
