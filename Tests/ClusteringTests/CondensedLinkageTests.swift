import Tensors
import Testing

@testable import Clustering

@Suite("Linkages that need every distance")
struct CondensedLinkageTests {
  /// Rows with many equal distances, and copies.
  private static let sets: [String: Matrix] = [
    "a grid with copies": RandomRows.grid(10).rows(Array(0..<100) + [3, 3, 57, 99, 0]),
    "a simplex": RandomRows.simplex(40),
    "no structure": RandomRows.scattered(150, 5, seed: 6),
  ]

  @Test(
    "Every merge is that of a plain chain over a full matrix, whatever gaps are closed",
    arguments: sets.keys.sorted(), [Linkage.complete, .average])
  func plainChain(_ name: String, linkage: Linkage) throws {
    let rows = try #require(Self.sets[name])
    let space = try RowSpace(rows, metric: .euclidean)
    for lanes in [1, 3] {
      var joining = try CondensedLinkage(
        space, linkage: linkage, lanes: LanePool(count: lanes), memoryLimit: nil, progress: nil)
      #expect(joining.run(progress: nil).merges == plain(space, linkage))
    }
  }

  /// The chain of nearest neighbours as it is written down.
  ///
  /// It begins with the last that is left and goes to the nearest of all, of equals the one before in the
  /// chain, then the lowest. A union has its higher part's place.
  private func plain(_ space: RowSpace, _ linkage: Linkage) -> [Dendrogram.Merge] {
    var log = MergeLog(count: space.rows.rows)
    let distinct = DistinctRows(space, lanes: LanePool(count: 1), log: &log)
    let count = distinct.rows.count
    var distances = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    space.compare(distinct.rows[...], with: distinct.rows[...]) { distances[$0][$1] = $2 }
    var (nodes, sizes, left) = (distinct.nodes, distinct.weights, Array(0..<count))
    var chain: [Int] = []
    while left.count > 1 {
      if chain.isEmpty { chain.append(left[left.count - 1]) }
      let last = chain[chain.count - 1]
      let previous = chain.dropLast().last
      var nearest = previous ?? -1
      for other in left where other != last {
        if nearest < 0 || distances[last][other] < distances[last][nearest] { nearest = other }
      }
      guard nearest == previous else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      let (kept, dropped) = (max(last, nearest), min(last, nearest))
      let height = distances[kept][dropped]
      left.removeAll { $0 == dropped }
      let (a, b) = (Double(sizes[kept]), Double(sizes[dropped]))
      for other in left where other != kept {
        let (one, two) = (distances[kept][other], distances[dropped][other])
        let union =
          linkage == .complete
          ? max(one, two) : max(min(one, two), (a * one + b * two) / (a + b))
        (distances[kept][other], distances[other][kept]) = (union, union)
      }
      sizes[kept] += sizes[dropped]
      nodes[kept] = log.append(nodes[kept], nodes[dropped], height: height, size: sizes[kept])
    }
    return log.merges
  }
}
