import Tensors
import Testing

@testable import Clustering

@Suite("Minimum spanning trees")
struct SpanningTreeTests {
  /// Rows whose trees are clusters, grow at random, have one hub, tie, or cannot be told apart in single
  /// precision; mostly more than a list holds.
  private static let shapes: [String: Matrix] = [
    "clusters": RandomRows.clustered(400, 6, centres: 9, spread: 0.2, seed: 3),
    "no structure": RandomRows.scattered(300, 33, seed: 4),
    "a star": RandomRows.star(120) { 0.9 - 0.001 * Double($0) },
    "a grid": RandomRows.grid(18),
    "a simplex": RandomRows.simplex(60),
    "narrow heaps": RandomRows.clustered(600, 12, centres: 2, spread: 1e-4, seed: 5),
    "narrow heaps, many": RandomRows.clustered(300, 12, centres: 30, spread: 1e-5, seed: 6),
    "heaps without origins": RandomRows.clustered(600, 12, centres: 6, spread: 1e-5, seed: 7),
  ]

  @Test(
    "The edges are those of the definition, on any number of lanes",
    arguments: shapes.keys.sorted(), [Metric.cosine, .euclidean])
  func definition(_ shape: String, metric: Metric) throws {
    let rows = try #require(Self.shapes[shape])
    let space = try RowSpace(rows, metric: metric)
    for lanes in [1, 3] {
      let (edges, store) = try tree(rows, metric, lanes: lanes)
      #expect(edges.map { [$0.row, $0.other].sorted() } == naive(store))
      for edge in edges {
        let pair = [Int(store.firsts[Int(edge.row)]), Int(store.firsts[Int(edge.other)])]
        let length = store.criterion.height(edge.similarity, unit: store.unit)
        space.compare(pair[..<1], with: pair[1...]) { #expect($2 == length) }
      }
    }
  }

  @Test("Blocks that lanes share make one tree", .timeLimit(.minutes(5)))
  func blocks() throws {
    var random = RandomStream(seed: 1, purpose: .test)
    let order = random.permutation(of: 9000)
    let rows = Matrix(rows: 9000, columns: 1, values: order.map { Float($0) })
    for lanes in [1, 3] {
      let (edges, store) = try tree(rows, .euclidean, lanes: lanes)
      #expect(edges.count == 8999)
      for edge in edges {
        #expect(abs(order[Int(edge.row)] - order[Int(edge.other)]) == 1)
        #expect(abs(store.criterion.height(edge.similarity, unit: store.unit) - 1) < 1e-9)
      }
    }
  }

  @Test("Few rows are searched for again, and none of the largest tree")
  func searches() throws {
    let rows = RandomRows.clustered(2000, 16, centres: 10, spread: 0.1, seed: 7)
    let tree = try Dendrogram(of: rows, linkage: .single, lanes: LanePool(count: 2))
    #expect(tree.statistics.rounds <= 11)
    #expect(tree.statistics.searches <= 3 * 2000 && tree.statistics.exactSearches == 0)
  }

  @Test("One row has no edges, and none have none", arguments: [0, 1])
  func tiny(_ count: Int) throws {
    let rows = Matrix(rows: count, columns: 2, repeating: 1)
    #expect(try tree(rows, .cosine, lanes: 1).edges.isEmpty)
  }

  /// The edges, shortest first.
  private func tree(
    _ rows: Matrix, _ metric: Metric, lanes: Int
  ) throws -> (edges: [SpanningTree.Edge], store: ClusterStore) {
    var joining = SumLinkage(
      try RowSpace(rows, metric: metric), criterion: metric == .cosine ? .cosine : .centroid,
      lanes: LanePool(count: lanes))
    try joining.compareAll()
    let tree = try SpanningTree(of: &joining, progress: nil)
    return (tree.edges.sorted { $0.precedes($1) }, joining.store)
  }

  /// Kruskal's method: of all pairs by length, then by slots, those that join two trees.
  private func naive(_ store: ClusterStore) -> [[Int32]] {
    let slots = 0..<store.clusters.count
    let pairs = slots.flatMap { one in
      (one + 1..<max(one + 1, slots.count)).map { (-store.similarity(one, $0), one, $0) }
    }
    var trees = Array(slots)
    var edges: [[Int32]] = []
    for (_, one, other) in pairs.sorted(by: <) where trees[one] != trees[other] {
      let (kept, dropped) = (trees[one], trees[other])
      for slot in slots where trees[slot] == dropped { trees[slot] = kept }
      edges.append([Int32(one), Int32(other)])
    }
    return edges
  }
}
