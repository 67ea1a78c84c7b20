import Tensors
import Testing

@testable import Clustering

@Suite("Minimum spanning trees")
struct SpanningTreeTests {
  /// Rows whose tree follows clusters, jumps about, has one hub, or many equal distances; mostly more than
  /// are kept at a time.
  private static let shapes: [String: Matrix] = [
    "clusters": RandomRows.clustered(400, 6, centres: 9, spread: 0.2, seed: 3),
    "no structure": RandomRows.scattered(300, 33, seed: 4),
    "a star": RandomRows.star(120) { 0.9 - 0.001 * Double($0) },
    "a grid": RandomRows.grid(18),
    "a simplex": RandomRows.simplex(60),
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

  @Test("Blocks that lanes share make one tree", .timeLimit(.minutes(5)))
  func blocks() throws {
    var random = RandomStream(seed: 1, purpose: .test)
    let order = random.permutation(of: 9000)
    let space = try RowSpace(
      Matrix(rows: 9000, columns: 1, values: order.map { Float($0) }), metric: .euclidean)
    var places = [Int](repeating: 0, count: 9000)
    for (place, value) in order.enumerated() { places[value] = place }
    let neighbours = Set(
      (1..<9000).map { value in
        let (one, other) = (places[value - 1], places[value])
        return [min(one, other), max(one, other)]
      })
    for lanes in [1, 3] {
      let tree = SpanningTree(
        of: Array(0..<9000), in: space, lanes: LanePool(count: lanes), progress: nil)
      #expect(tree.edges.count == 8999)
      #expect(Set(tree.edges.map { [$0.one, $0.other] }) == neighbours)
      #expect(tree.edges.allSatisfy { abs($0.length - 1) < 1e-9 })
    }
  }

  @Test("What is kept is refused where it does not fit")
  func memory() {
    let limits = [(100_000, 100_000 * (8 * 83 + 64)), (1_000_000, 1_000_000 * (8 * 16 + 64))]
    for (count, needed) in limits {
      #expect(throws: Never.self) { try SpanningTree.checkMemory(rows: count, limit: needed) }
      let error = #expect(throws: ClusteringError.self) {
        try SpanningTree.checkMemory(rows: count, limit: needed - 1)
      }
      #expect(error?.fault == .memoryOfRows(needed: needed, limit: needed - 1))
    }
    #expect(throws: ClusteringError.self) {
      try Dendrogram(
        of: RandomRows.scattered(10, 2, seed: 1), linkage: .single, lanes: LanePool(count: 1),
        memoryLimit: 1000)
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
