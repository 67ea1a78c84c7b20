import Foundation
import Tensors
import Testing

@testable import Clustering

/// Centroid and median linkage, where a union may be nearer to others than its parts were.
@Suite("Linkages with inversions are exact")
struct InversionTests {
  private static let linkages = [Linkage.centroid, .median]

  init() { BLAS.useOneThread() }

  private func tree(_ rows: Matrix, _ linkage: Linkage, lanes: Int = 2) throws -> Dendrogram {
    try Dendrogram(of: rows, linkage: linkage, metric: .euclidean, lanes: LanePool(count: lanes))
  }

  @Test(
    "Merges, in their order, and cuts are SciPy's", arguments: try ClusteringFixtures.inversions())
  func scipy(_ known: ClusteringFixtures.LinkageCase) throws {
    let tree = try tree(known.matrix, known.linkage)
    #expect(tree.violation(allowingInversions: true) == nil)
    #expect(largestDifference(tree.merges.map(\.height), known.heights) < 1e-9)
    #expect(tree.merges.flatMap { [$0.left, $0.right] } == known.merges)
    for cut in known.cuts { #expect(tree.cut(cut.rule).labels == cut.labels, "\(cut.rule)") }
  }

  @Test("Random rows give the merges of the definition", arguments: linkages, 0..<10)
  func definition(_ linkage: Linkage, _ seed: UInt64) throws {
    let (count, width) = (Int(seed) * 13 + 2, Int(seed) % 7 + 1)
    let rows =
      seed.isMultiple(of: 2)
      ? RandomRows.scattered(count, width, seed: seed)
      : RandomRows.clustered(count, width, centres: 5, spread: 0.2, seed: seed)
    let tree = try tree(rows, linkage)
    let naive = NaiveCentroids.merges(rows, isMedian: linkage == .median)
    #expect(tree.violation(allowingInversions: true) == nil)
    #expect(tree.merges.map(\.left) == naive.map(\.left))
    #expect(tree.merges.map(\.right) == naive.map(\.right))
    #expect(largestDifference(tree.merges.map(\.height), naive.map(\.height)) < 1e-11)
  }

  @Test("Any number of lanes gives the same bits", arguments: linkages)
  func lanes(_ linkage: Linkage) throws {
    let rows = RandomRows.clustered(2500, 12, centres: 60, spread: 0.5, seed: 5)
    let one = try tree(rows, linkage, lanes: 1)
    #expect(one.violation(allowingInversions: true) == nil)
    #expect(zip(one.merges, one.merges.dropFirst()).contains { $1.height < $0.height })
    for count in [2, 3] {
      let other = try tree(rows, linkage, lanes: count)
      #expect(other == one)
      #expect(other.statistics.searches == one.statistics.searches)
    }
  }

  @Test("Equal distances everywhere shrink as the union grows", arguments: linkages)
  func simplex(_ linkage: Linkage) throws {
    var rows = Matrix(rows: 150, columns: 150)
    for row in 0..<150 { rows[row, row] = 1 }
    let tree = try tree(rows, linkage)
    #expect(tree.violation(allowingInversions: true) == nil)
    // The union takes one row after the other, each at a lower height than the one before.
    #expect(tree.merges.map(\.count) == Array(2...150))
    #expect(abs(tree.merges[0].height - 2.0.squareRoot()) < 1e-12)
    let falls = zip(tree.merges, tree.merges.dropFirst()).map { $0.height - $1.height }
    #expect(falls[0] > 0.1 && falls.allSatisfy { $0 > -1e-12 })
    #expect(tree.cut(.height(1.4)).clusterCount == 150)
    #expect(tree.cut(.height(1.42)).clusterCount == 1)
    #expect(tree.height(of: .count(7)) == tree.merges[0].height)
  }

  @Test(
    "Points of a grid, with ties everywhere, are merged by the rule for ties", arguments: linkages)
  func grid(_ linkage: Linkage) throws {
    var rows = Matrix(rows: 196, columns: 2)
    for row in 0..<196 { (rows[row, 0], rows[row, 1]) = (Float(row / 14), Float(row % 14)) }
    let one = try tree(rows, linkage, lanes: 1)
    #expect(one.violation(allowingInversions: true) == nil)
    #expect(try tree(rows, linkage, lanes: 3) == one)
    #expect(one.merges[0] == Dendrogram.Merge(0, 1, height: one.merges[0].height, count: 2))
    #expect(abs(one.merges[0].height - 1) < 1e-12)
  }

  @Test(
    "Rows too close for single precision are told apart, from an origin and in heaps too small for one",
    arguments: linkages, [1, 4])
  func collapsed(_ linkage: Linkage, heaps: Int) throws {
    var rows = RandomRows.scattered(500, 16, seed: 3)
    for row in 0..<500 {
      for column in 0..<16 {
        let centre: Float = row % heaps == column ? 2 : 1
        rows[row, column] = centre + rows[row, column] * 1e-3
      }
    }
    for column in 0..<16 { rows[0, column] = 50 }
    let tree = try tree(rows, linkage)
    let naive = NaiveCentroids.merges(rows, isMedian: linkage == .median)
    #expect(heaps == 1 ? tree.statistics.exactSearches == 0 : tree.statistics.exactSearches > 50)
    #expect(tree.merges.map(\.left) == naive.map(\.left))
    #expect(largestDifference(tree.merges.map(\.height), naive.map(\.height)) < 1e-9)
  }

  @Test("A cluster's copies weigh on its mean, and not on its middle")
  func copies() throws {
    let rows = Matrix(rows: 5, columns: 1, values: [0, 0, 0, 4, 100])
    #expect(try tree(rows, .centroid).merges.map(\.height) == [0, 0, 4, 99])
    #expect(try tree(rows, .median).merges.map(\.height) == [0, 0, 4, 98])
  }

  @Test("Newick lengths are not negative, and a row is as far from the root as cuts have it")
  func newick() throws {
    let rows = Matrix(rows: 3, columns: 2, values: [0, 0, 2, 0, 1, 1.8])
    let tree = try tree(rows, .centroid)
    #expect(tree.merges[0].height == 2 && abs(tree.merges[1].height - 1.8) < 1e-6)
    #expect(tree.newick(names: ["a", "b", "c"]) == "(c:2.0,(a:2.0,b:2.0):0.0);\n")
    #expect(tree.violation?.contains("after 2.0") == true)
    let svg = DendrogramPicture(
      of: tree, names: ["a", "b", "c"], title: "t", axis: "h", partition: tree.cut(.height(1.9)),
      marks: [.init("m", height: 1.9)]
    ).svg
    #expect(svg.hasSuffix("</svg>\n") && !svg.contains("nan") && !svg.contains("inf"))
  }

  @Test("Thousands of rows with inversions have a small picture", arguments: linkages)
  func picture(_ linkage: Linkage) throws {
    let rows = RandomRows.clustered(2000, 6, centres: 20, spread: 0.4, seed: 3)
    let tree = try tree(rows, linkage)
    let svg = DendrogramPicture(
      of: tree, names: (0..<2000).map(String.init), title: "t", axis: "h",
      partition: tree.cut(.count(20)), marks: [.init("m", height: tree.height(of: .count(20)) ?? 0)]
    ).svg
    #expect(svg.utf8.count < 100_000 && !svg.contains("nan") && !svg.contains("inf"))
    #expect(!tree.newick(names: (0..<2000).map(String.init)).contains(":-"))
  }
}

/// Centroid and median linkage as the definition has them, in O(N³·D): the nearest of all pairs of
/// means or middles, again and again.
enum NaiveCentroids {
  static func merges(
    _ rows: Matrix, isMedian: Bool
  ) -> [(left: Int, right: Int, height: Double)] {
    var points = (0..<rows.rows).map { rows.row($0).map(Double.init) }
    var sizes = [Double](repeating: 1, count: rows.rows)
    var ids = Array(0..<rows.rows)
    var merges: [(left: Int, right: Int, height: Double)] = []
    while ids.count > 1 {
      var best = (one: 0, other: 1, square: Double.infinity)
      for one in ids.indices {
        for other in ids.indices[(one + 1)...] {
          let square = zip(points[one], points[other]).reduce(0) {
            $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
          }
          if square < best.square { best = (one, other, square) }
        }
      }
      let (one, other) = (best.one, best.other)
      merges.append(
        (min(ids[one], ids[other]), max(ids[one], ids[other]), best.square.squareRoot()))
      let share = isMedian ? 0.5 : sizes[one] / (sizes[one] + sizes[other])
      points[one] = zip(points[one], points[other]).map { share * $0 + (1 - share) * $1 }
      sizes[one] += sizes[other]
      ids[one] = rows.rows + merges.count - 1
      points.remove(at: other)
      sizes.remove(at: other)
      ids.remove(at: other)
    }
    return merges
  }
}
