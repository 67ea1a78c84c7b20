internal import Tensors

/// Single linkage from a minimum spanning tree: its edges by length are the merges (Gower and Ross,
/// "Minimum spanning trees and single linkage cluster analysis", 1969).
///
/// The tree grows from one row (Prim, 1957), so O(N) numbers are kept. All distances are computed in
/// double precision; ties go to the lowest row.
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
    let edges = spanningTree(of: distinct.rows, progress).sorted {
      ($0.length, $0.one, $0.other) < ($1.length, $1.one, $1.other)
    }
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

  private struct Edge {
    let one: Int
    let other: Int
    let length: Double
  }

  /// A row outside the tree with the way to its nearest row inside.
  private struct Outside: BitwiseCopyable {
    var kind: Int
    var nearest = 0
    var distance = Double.infinity
  }

  private func spanningTree(of rows: [Int], _ progress: ClusteringProgress.Report?) -> [Edge] {
    let (space, lanes) = (space, lanes)
    let outside = LaneArray<Outside>(count: max(rows.count - 1, 0))
    for place in 0..<outside.count { outside[place] = Outside(kind: place + 1) }
    var edges: [Edge] = []
    var newest = 0
    let size = 512
    let best = LaneArray<Int>(count: outside.count / size + 1)
    for left in stride(from: outside.count, to: 0, by: -1) {
      let from = newest
      lanes.eachRange(in: left, by: size) { range in
        var nearest = range.lowerBound
        for place in range {
          let distance = space.distance(rows[from], rows[outside[place].kind])
          if distance < outside[place].distance {
            outside[place].nearest = from
            outside[place].distance = distance
          }
          if Self.precedes(outside[place], outside[nearest]) { nearest = place }
        }
        best[range.lowerBound / size] = nearest
      }
      var next = best[0]
      for block in 1..<max((left + size - 1) / size, 1)
      where Self.precedes(outside[best[block]], outside[next]) { next = best[block] }
      let found = outside[next]
      edges.append(
        Edge(
          one: min(found.kind, found.nearest), other: max(found.kind, found.nearest),
          length: found.distance))
      newest = found.kind
      outside[next] = outside[left - 1]
      if left % 512 == 0 { progress?(.joining(left: left)) }
    }
    return edges
  }

  private static func precedes(_ one: Outside, _ other: Outside) -> Bool {
    (one.distance, one.kind) < (other.distance, other.kind)
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
