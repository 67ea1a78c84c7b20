import Tensors
import Testing

@testable import Clustering

@Suite("Minimum spanning trees")
struct SpanningTreeTests {
  /// Rows whose tree follows clusters, jumps about, or has one hub; more than are kept at a time.
  private static let shapes: [String: Matrix] = [
    "clusters": RandomRows.clustered(400, 6, centres: 9, spread: 0.2, seed: 3),
    "no structure": RandomRows.scattered(300, 33, seed: 4),
    "a star": RandomRows.star(120) { 0.9 - 0.001 * Double($0) },
  ]

  @Test(
    "The edges are those of the definition, on any number of lanes",
    arguments: shapes.keys.sorted(), [Metric.cosine, .euclidean])
  func definition(_ shape: String, metric: Metric) throws {
    let rows = try #require(Self.shapes[shape])
    let space = try RowSpace(rows, metric: metric)
    let all = Array(0..<rows.rows)
    var distances = [[Double]](
      repeating: [Double](repeating: 0, count: all.count), count: all.count)
    space.compare(all[...], with: all[...]) { distances[$0][$1] = $2 }
    for lanes in [1, 3] {
      let tree = SpanningTree(of: all, in: space, lanes: LanePool(count: lanes), progress: nil)
      #expect(tree.edges.map { [$0.one, $0.other] } == naive(distances))
      for edge in tree.edges {
        #expect(edge.length.bitPattern == distances[edge.one][edge.other].bitPattern)
      }
    }
  }

  @Test("One row has no edges, and neither have none", arguments: [0, 1])
  func tiny(_ count: Int) throws {
    let space = try RowSpace(RandomRows.scattered(1, 2, seed: 1), metric: .cosine)
    let tree = SpanningTree(
      of: Array(0..<count), in: space, lanes: LanePool(count: 1), progress: nil)
    #expect(tree.edges.isEmpty)
  }

  /// Prim's method: of the rows outside, the one nearest to a row inside, which is the first that had
  /// that distance; of equals the lowest.
  private func naive(_ distances: [[Double]]) -> [[Int]] {
    var nearest = [Int](repeating: 0, count: distances.count)
    var outside = Array(distances.indices.dropFirst())
    var edges: [[Int]] = []
    while let next = outside.min(by: {
      (distances[$0][nearest[$0]], $0) < (distances[$1][nearest[$1]], $1)
    }) {
      edges.append([min(next, nearest[next]), max(next, nearest[next])])
      outside.removeAll { $0 == next }
      for row in outside where distances[row][next] < distances[row][nearest[row]] {
        nearest[row] = next
      }
    }
    return edges
  }
}
