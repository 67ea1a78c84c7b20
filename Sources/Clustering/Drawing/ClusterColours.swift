/// Which cluster of a partition each node of a tree lies in, and its colour in a picture.
struct ClusterColours {
  /// What lies in no single cluster, and everything where there is no partition to show.
  static let above = "#8a97a6"
  private static let plain = "#3a6ea5"
  private static let palette = [
    "#3a6ea5", "#e0803a", "#4f9d5d", "#c5504f", "#8168b3", "#3fa7a3", "#b98a2f", "#d176a5",
    "#6b7fd7", "#8c6d4f", "#7ba23f", "#a94f7c",
  ]

  /// The cluster of every node, or −1 where its rows lie in several; nil without a partition.
  private let clusters: [Int32]?
  private let colours: [Int32: String]

  /// Gives clusters colours in the order in which they are seen.
  init(of tree: Dendrogram, _ partition: Partition?, _ outline: DendrogramOutline) {
    guard let partition else {
      clusters = nil
      colours = [:]
      return
    }
    var clusters = partition.labels
    clusters.reserveCapacity(tree.count + tree.merges.count)
    for merge in tree.merges {
      let (left, right) = (clusters[merge.left], clusters[merge.right])
      clusters.append(left == right ? left : -1)
    }
    var colours: [Int32: String] = [:]
    for tip in outline.tips {
      let cluster = clusters[outline.branches[tip].top]
      if cluster >= 0, colours[cluster] == nil {
        colours[cluster] = Self.palette[colours.count % Self.palette.count]
      }
    }
    self.clusters = clusters
    self.colours = colours
  }

  /// The cluster that all rows of a node lie in, if there is one.
  func cluster(of node: Int) -> Int32? {
    guard let cluster = clusters?[node], cluster >= 0 else { return nil }
    return cluster
  }

  /// The colour of a node's lines.
  func colour(of node: Int) -> String {
    guard clusters != nil else { return Self.plain }
    return cluster(of: node).flatMap { colours[$0] } ?? Self.above
  }
}
