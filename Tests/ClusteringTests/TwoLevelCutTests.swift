import Tensors
import Testing

@testable import Clustering

@Suite("Cuts on two levels")
struct TwoLevelCutTests {
  private typealias Merge = Dendrogram.Merge

  /// (((0 1) 2) (3 4)) ((5 6) 7), with heights 0.1, 0.15, 0.2, 0.3, 0.5, 0.6 and 0.9.
  private let tree = Dendrogram(
    count: 8,
    merges: [
      Merge(0, 1, height: 0.1, count: 2), Merge(3, 4, height: 0.15, count: 2),
      Merge(5, 6, height: 0.2, count: 2), Merge(2, 8, height: 0.3, count: 3),
      Merge(9, 11, height: 0.5, count: 5), Merge(7, 10, height: 0.6, count: 3),
      Merge(12, 13, height: 0.9, count: 8),
    ])

  init() { BLAS.useOneThread() }

  @Test("Both levels come from one tree")
  func levels() {
    #expect(tree.violation == nil)
    let both = tree.cut(TwoLevelCut(fine: .count(5), coarse: .count(2)))
    #expect(both.fine.labels == [0, 0, 1, 2, 2, 3, 3, 4])
    #expect(both.coarse.labels == [0, 0, 0, 0, 0, 1, 1, 1])
  }

  @Test("A coarse cut below the fine one, or none, means the fine one")
  func inverted() {
    for coarse in [CutRule.count(6), .height(0.1), nil] {
      let both = tree.cut(TwoLevelCut(fine: .count(3), coarse: coarse))
      #expect(both.fine.clusterCount == 3)
      #expect(both.coarse == both.fine)
    }
  }

  @Test("The widest gap is found, and the highest of equal ones, above a number of clusters")
  func gap() {
    #expect(tree.cut(.gap(atLeast: 2)).clusterCount == 2)
    #expect(tree.cut(.gap(atLeast: 3)).clusterCount == 4)
    #expect(tree.cut(.gap(atLeast: 5)).clusterCount == 5)
    #expect(tree.cut(.gap(atLeast: 6)).clusterCount == 6)
    #expect(tree.cut(.gap(atLeast: 99)).clusterCount == 8)
    for count in 0...1 {
      #expect(Dendrogram(count: count, merges: []).cut(.gap(atLeast: 2)).clusterCount == count)
    }
    let even = Dendrogram(
      count: 4,
      merges: [
        Merge(0, 1, height: 0.25, count: 2), Merge(2, 4, height: 0.5, count: 3),
        Merge(3, 5, height: 0.75, count: 4),
      ])
    #expect(even.cut(.gap(atLeast: 2)).clusterCount == 2)
    #expect(even.cut(.gap(atLeast: 3)).clusterCount == 3)
  }

  @Test("A cut lies halfway between two heights, or where it says")
  func heights() throws {
    #expect(tree.height(of: .height(0.44)) == 0.44)
    #expect(tree.height(of: .count(1)) == 0.9)
    #expect(tree.height(of: .count(2)) == 0.75)
    #expect(tree.height(of: .quantile(0)) == 0.05)
    #expect(Dendrogram(count: 1, merges: []).height(of: .count(1)) == nil)
  }

  @Test("Clusters above the cap are cut at their highest merges")
  func cap() {
    #expect(tree.cut(.count(1), largest: 8).clusterCount == 1)
    #expect(tree.cut(.count(1), largest: 7).labels == [0, 0, 0, 0, 0, 1, 1, 1])
    #expect(tree.cut(.count(1), largest: 3).labels == [0, 0, 0, 1, 1, 2, 2, 2])
    #expect(tree.cut(.count(1), largest: 2).labels == [0, 0, 1, 2, 2, 3, 3, 4])
    #expect(tree.cut(.count(1), largest: 1).clusterCount == 8)
    let both = tree.cut(TwoLevelCut(fine: .count(2), coarse: .count(2), largest: 3))
    #expect(both.fine.clusterCount == 3 && both.coarse.clusterCount == 2)
  }

  @Test("Lone rows join the largest cluster that they first meet below the coarse cut")
  func joining() {
    func fine(_ fine: Int, _ coarse: Int, largest: Int? = nil) -> [Int32] {
      tree.cut(
        TwoLevelCut(
          fine: .count(fine), coarse: .count(coarse), largest: largest, singletons: .join)
      ).fine.labels
    }
    #expect(fine(5, 2) == [0, 0, 0, 1, 1, 2, 2, 2])
    // Row 7 meets the others at 0.6 only.
    #expect(fine(5, 3) == [0, 0, 0, 1, 1, 2, 2, 3])
    #expect(fine(5, 5) == [0, 0, 1, 2, 2, 3, 3, 4])
    // Pairs of lone rows first, then the third row of each.
    #expect(fine(8, 2) == [0, 0, 0, 1, 1, 2, 2, 2])
    // No room for a third.
    #expect(fine(5, 2, largest: 2) == [0, 0, 1, 2, 2, 3, 3, 4])
  }

  @Test("Random trees obey every limit", arguments: 0..<8)
  func laws(_ seed: UInt64) throws {
    let rows = RandomRows.clustered(300, 6, centres: 9, spread: 0.8, seed: seed)
    let tree = try Dendrogram(of: rows, lanes: LanePool(count: 1))
    for largest in [nil, 40, 7] as [Int?] {
      for fine in [CutRule.count(60), .height(0.2), .quantile(0.7), .gap(atLeast: 30)] {
        let kept = tree.cut(TwoLevelCut(fine: fine, coarse: .count(20), largest: largest))
        let joined = tree.cut(
          TwoLevelCut(fine: fine, coarse: .count(20), largest: largest, singletons: .join))
        #expect(joined.coarse == kept.coarse)
        #expect(kept.coarse.contains(tree.cut(fine)))
        #expect(tree.cut(fine).contains(kept.fine))
        for both in [kept, joined] {
          #expect(both.coarse.contains(both.fine))
          #expect(both.fine.sizes.reduce(0, +) == 300)
          #expect(both.fine.sizes.max() ?? 0 <= largest ?? 300)
        }
        #expect(joined.fine.sizes.count { $0 == 1 } <= kept.fine.sizes.count { $0 == 1 })
      }
    }
  }
}
