import Collective
import Tensors
import Testing

@testable import Clustering

/// Simulated ranks as a team.
private struct Ranks: SearchTeam {
  let communicator: Communicator

  var rank: Int { communicator.rank }
  var size: Int { communicator.size }

  func gather<Element: BitwiseCopyable & Sendable>(_ mine: [Element]) throws -> [Element] {
    try communicator.allGather(mine).joined
  }
}

@Suite("Ranks find one dendrogram together")
struct TeamTests {
  /// Numbers of centres, and how far rows spread around them: the second is a heap that gets an origin.
  private static let heaps = [(40, 0.3), (1, 1e-4)]

  @Test(
    "Any number of ranks gives the same bits", .timeLimit(.minutes(10)), arguments: 1...4, heaps)
  func ranks(_ size: Int, heaps: (centres: Int, spread: Double)) throws {
    let rows = RandomRows.clustered(
      900, 20, centres: heaps.centres, spread: heaps.spread, seed: 8)
    let linkages: [(Linkage, Metric)] = [
      (.average, .cosine), (.ward, .euclidean), (.single, .cosine), (.single, .euclidean),
    ]
    for (linkage, metric) in linkages {
      let alone = try Dendrogram(
        of: rows, linkage: linkage, metric: metric, lanes: LanePool(count: 1))
      let trees = try Launch.simulated(ranks: size) { communicator in
        try Dendrogram(
          of: rows, linkage: linkage, metric: metric, lanes: LanePool(count: 2),
          team: Ranks(communicator: communicator))
      }
      for tree in trees {
        #expect(tree == alone)
        #expect(tree.statistics.searches == alone.statistics.searches)
      }
    }
  }

  @Test(
    "Ranks share linkages with inversions, to the end or while that is worth it",
    .timeLimit(.minutes(10)), arguments: 1...4, heaps)
  func inversions(_ size: Int, heaps: (centres: Int, spread: Double)) throws {
    let rows = RandomRows.clustered(
      900, 20, centres: heaps.centres, spread: heaps.spread, seed: 8)
    for (linkage, criterion) in [(Linkage.centroid, Criterion.centroid), (.median, .median)] {
      let alone = try Dendrogram(
        of: rows, linkage: linkage, metric: .euclidean, lanes: LanePool(count: 1))
      // To the end, while more than 300 of 20 elements and a list of 32 words are left, never.
      for elements in [0, 300 * 52, .max] {
        for (merges, statistics) in try Self.merges(
          of: rows, criterion, ranks: size, sharedFrom: elements)
        {
          #expect(merges == alone.merges)
          #expect(statistics.searches == alone.statistics.searches)
          #expect(statistics.exactSearches == alone.statistics.exactSearches)
        }
      }
    }
  }

  private static func merges(
    of rows: Matrix, _ criterion: Criterion, ranks: Int, sharedFrom elements: Int
  ) throws -> [(merges: [Dendrogram.Merge], statistics: JoiningStatistics)] {
    try Launch.simulated(ranks: ranks) { communicator in
      var joining = SumLinkage(
        try RowSpace(rows, metric: .euclidean), criterion: criterion,
        lanes: LanePool(count: communicator.rank + 1), team: Ranks(communicator: communicator))
      try joining.compareAll()
      try joining.mergeNearest(sharedFrom: elements, progress: nil)
      return (joining.log.sorted(), joining.statistics)
    }
  }

  @Test(
    "Ties and few rows by linkages with inversions are merged by the same rule on any ranks",
    .timeLimit(.minutes(10)), arguments: 2...4)
  func inversionsOfTies(_ size: Int) throws {
    var grid = Matrix(rows: 196, columns: 2)
    for row in 0..<196 { (grid[row, 0], grid[row, 1]) = (Float(row / 14), Float(row % 14)) }
    let equal = Matrix(rows: 9, columns: 2, values: [Float](repeating: 3, count: 18))
    for rows in [grid, equal] + (0...3).map({ grid.rows(Array(0..<$0)) }) {
      for (linkage, criterion) in [(Linkage.centroid, Criterion.centroid), (.median, .median)] {
        let alone = try Dendrogram(
          of: rows, linkage: linkage, metric: .euclidean, lanes: LanePool(count: 1))
        let found = try Self.merges(of: rows, criterion, ranks: size, sharedFrom: 0)
        for (merges, _) in found { #expect(merges == alone.merges, "\(rows.rows) rows") }
      }
    }
  }

  @Test("Ranks search among other trees together", .timeLimit(.minutes(10)), arguments: 1...3)
  func otherTrees(_ size: Int) throws {
    let given = RandomRows.clustered(900, 20, centres: 9, spread: 0.1, seed: 8)
    let rows = given.rows((0..<900).map { $0 < 40 ? 899 : $0 })
    let alone = try Dendrogram(of: rows, linkage: .single, lanes: LanePool(count: 1))
    // All rows at least twice.
    #expect(alone.statistics.searches >= 2 * 860 && alone.statistics.duplicates == 40)
    let trees = try Launch.simulated(ranks: size) { communicator in
      try Dendrogram(
        of: rows, linkage: .single, lanes: LanePool(count: communicator.rank + 1),
        team: Ranks(communicator: communicator))
    }
    for tree in trees {
      #expect(tree == alone)
      #expect(tree.statistics.searches == alone.statistics.searches)
    }
  }

  @Test("Ranks may have different lanes, whatever blocks that makes", .timeLimit(.minutes(10)))
  func lanes() throws {
    // Between 16 blocks a lane for one lane each and for 1 + 2.
    let rows = RandomRows.clustered(18_000, 2, centres: 400, spread: 0.1, seed: 3)
    let alone = try Dendrogram(of: rows, lanes: LanePool(count: 2))
    let trees = try Launch.simulated(ranks: 2) { communicator in
      try Dendrogram(
        of: rows, lanes: LanePool(count: communicator.rank + 1),
        team: Ranks(communicator: communicator))
    }
    #expect(trees.allSatisfy { $0 == alone })
  }

  @Test("K-means gives the same clusters too", .timeLimit(.minutes(10)), arguments: 1...4)
  func kMeans(_ size: Int) throws {
    let rows = RandomRows.clustered(900, 20, centres: 40, spread: 0.3, seed: 8)
    let random = RandomStream(seed: 5, purpose: .test)
    let alone = try SphericalKMeans(
      of: rows, clusters: 50, random: random, lanes: LanePool(count: 1))
    let found = try Launch.simulated(ranks: size) { communicator in
      try SphericalKMeans(
        of: rows, clusters: 50, random: random, lanes: LanePool(count: communicator.rank + 1),
        team: Ranks(communicator: communicator))
    }
    #expect(found.allSatisfy { $0 == alone })
  }

  @Test("FINCH gives the same partitions too", .timeLimit(.minutes(10)), arguments: 2...3)
  func finch(_ size: Int) throws {
    let rows = RandomRows.clustered(900, 20, centres: 40, spread: 0.3, seed: 8)
    let alone = try Finch(of: rows, lanes: LanePool(count: 1))
    let found = try Launch.simulated(ranks: size) { communicator in
      try Finch(of: rows, lanes: LanePool(count: 2), team: Ranks(communicator: communicator))
    }
    #expect(found.allSatisfy { $0 == alone })
  }

  @Test("Data that needs a chain gives the same bits too", .timeLimit(.minutes(10)))
  func chain() throws {
    let rows = RandomRows.star(150) { 0.999 - 2e-7 * Double($0) }
    let alone = try Dendrogram(of: rows, lanes: LanePool(count: 1))
    #expect(alone.statistics.chainMerges > 0)
    let trees = try Launch.simulated(ranks: 3) { communicator in
      try Dendrogram(
        of: rows, lanes: LanePool(count: 1), team: Ranks(communicator: communicator))
    }
    #expect(trees.allSatisfy { $0 == alone })
  }

  @Test("A rank that fails ends the others' wait", .timeLimit(.minutes(10)))
  func failure() throws {
    struct Broken: Error {}
    let rows = RandomRows.scattered(300, 8, seed: 2)
    #expect(throws: Broken.self) {
      try Launch.simulated(ranks: 3) { communicator in
        if communicator.rank == 0 { throw Broken() }
        return try Dendrogram(
          of: rows, lanes: LanePool(count: 1), team: Ranks(communicator: communicator))
      }
    }
  }
}
