/// The part of a dendrogram that a picture has room for: its top merges.
///
/// Where one of two joined clusters is tiny, the merge takes no room: the larger one's branch goes
/// on, and the tiny one becomes a tick on it. Otherwise the stragglers of average linkage, which join
/// one by one near the root, would be all there is to see.
struct DendrogramOutline {
  /// A line of descent from a node down to where it splits in two, or a tip.
  struct Branch: Equatable {
    /// The node that the branch starts with.
    let top: Int
    /// The node that splits, after the ticks; `top` at a tip.
    var end: Int
    /// The places of the two branches that it splits into, the larger first; empty at a tip.
    var children: [Int] = []
    /// The tiny clusters that join on the way, from the top.
    var ticks: [Tick] = []
  }

  /// A tiny cluster that joins a branch.
  struct Tick: Equatable {
    let height: Double
    let rows: Int
  }

  /// The branches; the first is the root's.
  private(set) var branches: [Branch] = []
  /// Clusters of at most this many rows are tiny; 0 where all rows have room.
  let tiny: Int

  /// Opens the highest splits until there are `tips` tips.
  init(of tree: Dendrogram, tips: Int) {
    tiny = tree.count > tips ? max(1, tree.count / 500) : 0
    guard tree.count > 0 else { return }
    let root = tree.count + tree.merges.count - 1
    branches = [Branch(top: root, end: root)]
    var open = Self.openings(at: [0], branches, tree, tiny: tiny)
    var shown = 1
    while shown < tips, let next = open.popLast() {
      let merge = tree.merges[next.end - tree.count]
      let isLeftLarger = tree.rows(ofNode: merge.left) >= tree.rows(ofNode: merge.right)
      let nodes = isLeftLarger ? [merge.left, merge.right] : [merge.right, merge.left]
      let children = [branches.count, branches.count + 1]
      branches[next.branch].end = next.end
      branches[next.branch].ticks = next.ticks
      branches[next.branch].children = children
      branches += nodes.map { Branch(top: $0, end: $0) }
      shown += 1
      open += Self.openings(at: children, branches, tree, tiny: tiny)
      open.sort { (tree.height(ofNode: $0.end), $1.end) < (tree.height(ofNode: $1.end), $0.end) }
    }
  }

  /// The places of the tips, from the top of a picture to its bottom.
  var tips: [Int] {
    guard !branches.isEmpty else { return [] }
    var tips: [Int] = []
    var next = [0]
    while let place = next.popLast() {
      let children = branches[place].children
      if children.isEmpty { tips.append(place) }
      next += children.reversed()
    }
    return tips
  }

  private struct Opening {
    let branch: Int
    var end: Int
    var ticks: [Tick] = []
  }

  /// Where some branches split, those that do.
  private static func openings(
    at places: [Int], _ branches: [Branch], _ tree: Dendrogram, tiny: Int
  ) -> [Opening] {
    places.compactMap { place in
      var opening = Opening(branch: place, end: branches[place].top)
      while opening.end >= tree.count {
        let merge = tree.merges[opening.end - tree.count]
        let (left, right) = (tree.rows(ofNode: merge.left), tree.rows(ofNode: merge.right))
        switch (left > tiny, right > tiny) {
        case (true, true): return opening
        case (false, false): return nil
        case (true, false):
          opening.ticks.append(Tick(height: merge.height, rows: right))
          opening.end = merge.left
        case (false, true):
          opening.ticks.append(Tick(height: merge.height, rows: left))
          opening.end = merge.right
        }
      }
      return nil
    }
  }
}
