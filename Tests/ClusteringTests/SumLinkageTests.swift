import Tensors
import Testing

@testable import Clustering

/// The largest difference of two lists of numbers.
func largestDifference(_ one: [Double], _ other: [Double]) -> Double {
  guard one.count == other.count else { return .infinity }
  return zip(one, other).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

@Suite("Linkages are exact")
struct SumLinkageTests {
  init() { BLAS.useOneThread() }

  @Test("Heights and cuts are SciPy's", arguments: try ClusteringFixtures.linkages())
  func scipy(_ known: ClusteringFixtures.LinkageCase) throws {
    let tree = try Dendrogram(
      of: known.matrix, linkage: known.linkage, metric: known.metric, lanes: LanePool(count: 2))
    #expect(tree.violation == nil)
    #expect(largestDifference(tree.merges.map(\.height), known.heights.sorted()) < 1e-12)
    for cut in known.cuts {
      #expect(tree.cut(cut.rule).labels == cut.labels, "\(cut.rule)")
    }
  }

  @Test("Random rows give the heights of the definition", arguments: 0..<12)
  func definition(_ seed: UInt64) throws {
    let (count, width) = (Int(seed) * 11 + 2, Int(seed) % 7 + 2)
    let rows =
      seed.isMultiple(of: 2)
      ? RandomRows.scattered(count, width, seed: seed)
      : RandomRows.clustered(count, width, centres: 5, spread: 0.2, seed: seed)
    let tree = try Dendrogram(of: rows, lanes: LanePool(count: 1))
    #expect(tree.violation == nil)
    #expect(largestDifference(tree.merges.map(\.height), NaiveLinkage.heights(rows)) < 1e-12)
  }

  @Test(
    "Rows too close for single precision are told apart, from an origin and in heaps too small for one",
    arguments: [1, 5])
  func collapsed(heaps: Int) throws {
    var rows = RandomRows.scattered(500, 16, seed: 3)
    for row in 0..<500 {
      for column in 0..<16 {
        let centre: Float = row % heaps == column ? 2 : 1
        rows[row, column] = centre + rows[row, column] * 1e-4
      }
    }
    let tree = try Dendrogram(of: rows, lanes: LanePool(count: 2))
    #expect(tree.violation == nil)
    #expect(heaps == 1 ? tree.statistics.exactSearches == 0 : tree.statistics.exactSearches > 50)
    let heights = NaiveLinkage.heights(rows)
    #expect(heights[499 - heaps] < 1e-6)
    #expect(largestDifference(tree.merges.map(\.height), heights) < 1e-14)
  }

  @Test("Any number of lanes gives the same bits")
  func lanes() throws {
    let rows = RandomRows.clustered(1500, 20, centres: 60, spread: 0.3, seed: 5)
    let one = try Dendrogram(of: rows, lanes: LanePool(count: 1))
    #expect(one.violation == nil)
    for count in [2, 3] {
      #expect(try Dendrogram(of: rows, lanes: LanePool(count: count)) == one)
    }
  }

  @Test("Permuted rows give the permuted partition", arguments: 0..<4)
  func permutation(_ seed: UInt64) throws {
    let rows = RandomRows.clustered(400, 12, centres: 15, spread: 0.4, seed: seed)
    var random = RandomStream(seed: seed, purpose: .test, sample: 2)
    let order = random.permutation(of: rows.rows)
    let pool = LanePool(count: 2)
    let plain = try Dendrogram(of: rows, lanes: pool)
    let permuted = try Dendrogram(of: rows.rows(order), lanes: pool)
    for clusters in [2, 10, 50, 200] {
      let labels = plain.cut(.count(clusters)).labels
      let expected = Partition(numbering: order.map { labels[$0] })
      #expect(permuted.cut(.count(clusters)) == expected)
    }
  }

  @Test("Progress falls to one cluster")
  func progress() throws {
    let seen = Seen()
    let rows = RandomRows.scattered(100, 5, seed: 1)
    let tree = try Dendrogram(of: rows, lanes: LanePool(count: 1)) { seen.note($0) }
    #expect(seen.counts.count == tree.statistics.rounds)
    #expect(seen.counts == seen.counts.sorted(by: >))
    #expect(seen.counts.last == 1)
  }

  @Test("The first comparison tells which share of the pairs it has seen")
  func comparing() throws {
    let shares = Tournament(7).turns
    #expect(Tournament(7).reduce(0) { count, _ in count + 1 } == shares)
    #expect(Tournament(4).reduce(0) { count, _ in count + 1 } == Tournament(4).turns)
    let seen = Seen()
    let rows = RandomRows.scattered(600, 5, seed: 1)
    _ = try Dendrogram(of: rows, linkage: .complete, lanes: LanePool(count: 1)) { seen.note($0) }
    let compared = seen.all.prefix { if case .comparing = $0 { true } else { false } }
    #expect(compared.count == 2)
    #expect(compared.first == .comparing(rows: 600, share: 0))
    let turns = Seen()
    var joining = SumLinkage(
      try RowSpace(rows, metric: .cosine), criterion: .cosine, lanes: LanePool(count: 1))
    try joining.compareAll(inBlocksOf: 100, every: 0) { turns.note($0) }
    #expect(
      turns.all == (1...6).map { ClusteringProgress.comparing(rows: 600, share: Double($0) / 6) })
  }
}
