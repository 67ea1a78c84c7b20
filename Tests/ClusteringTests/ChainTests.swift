import Tensors
import Testing

@testable import Clustering

/// Data for which rounds of reciprocal neighbours find one pair at a time.
@Suite("Chains take bounded work")
struct ChainTests {
  init() { BLAS.useOneThread() }

  @Test("A hub that takes one ray after the other is searched for once a merge")
  func spacedStar() throws {
    let rows = RandomRows.star(200) { 0.95 - 0.003 * Double($0) }
    let tree = try Dendrogram(of: rows, lanes: LanePool(count: 2))
    #expect(tree.violation == nil)
    #expect(tree.statistics.searches < 4 * rows.rows)
    #expect(largestDifference(tree.merges.map(\.height), NaiveLinkage.heights(rows)) < 1e-12)
  }

  @Test("Rays too close to be told apart by bounds are merged by a chain")
  func denseStar() throws {
    let rows = RandomRows.star(300) { 0.999 - 2e-7 * Double($0) }
    let one = try Dendrogram(of: rows, lanes: LanePool(count: 1))
    #expect(one.violation == nil)
    #expect(one.statistics.chainMerges > 100)
    #expect(one.statistics.searches < 12 * rows.rows)
    #expect(largestDifference(one.merges.map(\.height), NaiveLinkage.heights(rows)) < 1e-12)
    #expect(try Dendrogram(of: rows, lanes: LanePool(count: 3)) == one)
  }

  @Test("Equal distances everywhere are merged by the rule for ties")
  func simplex() throws {
    let rows = RandomRows.simplex(200)
    let one = try Dendrogram(of: rows, lanes: LanePool(count: 1))
    #expect(one.violation == nil)
    #expect(one.merges.allSatisfy { $0.height == 1 })
    #expect(one.statistics.searches < 12 * rows.rows)
    #expect(try Dendrogram(of: rows, lanes: LanePool(count: 2)) == one)
  }

  @Test(
    "Distances that only rounding tells apart lead no chain in circles", .timeLimit(.minutes(10))
  )
  func roundingNoise() throws {
    var rows = Matrix(rows: 256, columns: 256, repeating: 1)
    for row in 0..<256 { rows[row, row] = 4 }
    let pool = LanePool(count: 2)
    #expect(try Dendrogram(of: rows, lanes: pool).violation == nil)
    var joining = SumLinkage(try RowSpace(rows, metric: .cosine), criterion: .cosine, lanes: pool)
    try joining.compareAll()
    try joining.followChain(until: 1)
    let chained = Dendrogram(count: 256, merges: joining.log.sorted())
    #expect(chained.violation == nil)
    let heights = chained.merges.map(\.height)
    #expect(heights[254] - heights[0] < 1e-12)
    let condensed = try Dendrogram(of: rows, metric: .euclidean, lanes: pool)
    #expect(condensed.violation == nil)
  }

  @Test("Chains from the start give the tree of rounds")
  func chainAlone() throws {
    let rows = RandomRows.clustered(300, 10, centres: 12, spread: 0.5, seed: 4)
    let pool = LanePool(count: 2)
    var joining = SumLinkage(try RowSpace(rows, metric: .cosine), criterion: .cosine, lanes: pool)
    try joining.compareAll()
    try joining.followChain(until: 1)
    let chained = Dendrogram(count: 300, merges: joining.log.sorted())
    let tree = try Dendrogram(of: rows, lanes: pool)
    #expect(chained.violation == nil)
    let heights = (chained.merges.map(\.height), tree.merges.map(\.height))
    #expect(largestDifference(heights.0, heights.1) < 1e-12)
    for clusters in [3, 12, 100] {
      #expect(chained.cut(.count(clusters)) == tree.cut(.count(clusters)))
    }
  }
}
