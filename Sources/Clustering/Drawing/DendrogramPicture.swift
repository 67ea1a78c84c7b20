/// A picture of a dendrogram's top merges, readable for any number of rows.
///
/// The root is at the left, rows at the right, and the axis below has the heights. Subtrees without
/// room are triangles from their height to the rows, with the number of rows beside them; clusters of
/// a partition have colours, and what lies above them is grey. Tiny clusters that join one by one are
/// ticks on the branch that they join. A cluster that is lower than one of its parts is drawn to the
/// right of it, so that lines run back.
public struct DendrogramPicture: Sendable {
  /// A vertical line, as at a cut.
  public struct Mark: Sendable {
    let label: String
    let height: Double

    /// Labels a height.
    public init(_ label: String, height: Double) {
      self.label = label
      self.height = height
    }
  }

  let tree: Dendrogram
  let names: [String]
  let title: String
  let axis: String
  let partition: Partition?
  let marks: [Mark]

  /// Prepares a picture.
  ///
  /// - Parameters:
  ///   - names: the rows' names, N of them.
  ///   - title: what is drawn, in a few words.
  ///   - axis: what heights are, in a few words.
  ///   - partition: clusters to colour; they need not come from this tree.
  ///   - marks: heights to mark.
  public init(
    of tree: Dendrogram, names: [String], title: String, axis: String, partition: Partition? = nil,
    marks: [Mark] = []
  ) {
    precondition(
      names.count == tree.count && partition?.labels.count ?? tree.count == tree.count,
      "\(names.count) names and \(partition?.labels.count ?? 0) labels for \(tree.count) rows")
    self.tree = tree
    self.names = names
    self.title = title
    self.axis = axis
    self.partition = partition
    self.marks = marks
  }

  /// The most clusters of which each has a tip, unless it is tiny.
  public static let mostClusters = 256

  /// The picture as an SVG document of 48 tips, or, up to 256, of one for each cluster; a megabyte at most.
  ///
  /// - Complexity: O(N log N)
  public var svg: String {
    let clusters = partition?.clusterCount ?? 0
    let outline = DendrogramOutline(
      of: tree, tips: clusters <= Self.mostClusters ? max(48, clusters) : 48)
    return DendrogramLayout(
      self, outline: outline, clusters: ClusterColours(of: tree, partition, outline)
    ).svg
  }

  /// The rows below a node.
  func leaves(below node: Int) -> [Int] {
    var leaves: [Int] = []
    var next = [node]
    while let node = next.popLast() {
      if node < tree.count {
        leaves.append(node)
      } else {
        next += [tree.merges[node - tree.count].left, tree.merges[node - tree.count].right]
      }
    }
    return leaves
  }
}
