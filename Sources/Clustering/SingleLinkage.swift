internal import Tensors

/// Single linkage from a minimum spanning tree: its edges by length are the merges (Gower and Ross,
/// "Minimum spanning trees and single linkage cluster analysis", 1969).
///
/// Ties go to the lowest row.
struct SingleLinkage {
  private let space: RowSpace
  private let lanes: LanePool

  init(_ space: RowSpace, lanes: LanePool) {
    self.space = space
    self.lanes = lanes
  }

  /// - Complexity: O(N²·D) time, O(N) memory.
  func run(progress: ClusteringProgress.Report?) -> MergeLog {
    var log = MergeLog(count: space.rows.rows)
    let distinct = DistinctRows(space, lanes: lanes, log: &log)
    let edges = SpanningTree(of: distinct.rows, in: space, lanes: lanes, progress: progress)
      .edges.sorted { ($0.length, $0.one, $0.other) < ($1.length, $1.one, $1.other) }
    var clusters = DisjointSets(count: distinct.rows.count)
    var (nodes, sizes) = (distinct.nodes, distinct.weights)
    for edge in edges {
      let (one, other) = (clusters.root(of: edge.one), clusters.root(of: edge.other))
      let (kept, dropped) = (min(one, other), max(one, other))
      sizes[kept] += sizes[dropped]
      nodes[kept] = log.append(
        nodes[kept], nodes[dropped], height: edge.length, size: sizes[kept])
      clusters.join(dropped, to: kept)
    }
    return log
  }
}

/// Sets that only grow together.
private struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(of element: Int) -> Int {
    var element = element
    while parents[element] != element {
      parents[element] = parents[parents[element]]
      element = parents[element]
    }
    return element
  }

  mutating func join(_ root: Int, to other: Int) { parents[root] = other }
}
