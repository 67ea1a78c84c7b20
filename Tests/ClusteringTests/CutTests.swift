import Foundation
import Tensors
import Testing

@testable import Clustering

@Suite("Cuts and their partitions")
struct CutTests {
  /// ((0 3) (1 4)) 2, with heights 0.1, 0.2, 0.2 and 0.5.
  private let tree = Dendrogram(
    count: 5,
    merges: [
      Dendrogram.Merge(3, 0, height: 0.1, count: 2), Dendrogram.Merge(1, 4, height: 0.2, count: 2),
      Dendrogram.Merge(5, 6, height: 0.2, count: 4), Dendrogram.Merge(7, 2, height: 0.5, count: 5),
    ])

  @Test("Equal rows stay together at any quantile and gap, whatever the order of the rows")
  func ties() throws {
    let centres = RandomRows.scattered(40, 8, seed: 5)
    for shift in 0..<3 {
      let order = (0..<200).map { ($0 * 77 + shift) % 200 }
      let tree = try Dendrogram(of: centres.rows(order.map { $0 % 40 }), lanes: LanePool(count: 1))
      for rule in [CutRule.quantile(0.5), .gap(atLeast: 2), .gap(atLeast: 50)] {
        let labels = tree.cut(rule).labels
        var known: [Int: Int32] = [:]
        for (row, label) in zip(order, labels) {
          #expect(known[row % 40] ?? label == label, "\(rule)")
          known[row % 40] = label
        }
      }
      #expect(tree.cut(.quantile(0.5)).clusterCount == 40)
    }
    let equal = try Dendrogram(
      of: centres.rows([Int](repeating: 3, count: 6)), lanes: LanePool(count: 1))
    #expect(equal.cut(.gap(atLeast: 2)).clusterCount == 1)
    #expect(equal.cut(.quantile(0.5)).clusterCount == 1)
    #expect(equal.cut(.quantile(0)).clusterCount == 6)
  }

  @Test("A height keeps the merges at most that high")
  func height() {
    #expect(tree.violation == nil)
    #expect(tree.cut(.height(-1)).labels == [0, 1, 2, 3, 4])
    #expect(tree.cut(.height(0.1)).labels == [0, 1, 2, 0, 3])
    #expect(tree.cut(.height(0.2)).labels == [0, 0, 1, 0, 0])
    #expect(tree.cut(.height(9)).clusterCount == 1)
  }

  @Test("A count gives that many clusters, and never more than rows")
  func count() {
    #expect((1...5).map { tree.cut(.count($0)).clusterCount } == [1, 2, 3, 4, 5])
    #expect(tree.cut(.count(3)).labels == [0, 1, 2, 0, 1])
    #expect(tree.cut(.count(99)).clusterCount == 5)
  }

  @Test("A share keeps the nearest whole number of merges")
  func quantile() {
    #expect([0, 0.3, 0.5, 0.8, 1].map { tree.cut(.quantile($0)).clusterCount } == [5, 4, 3, 2, 1])
  }

  @Test("Sizes add up to the rows")
  func sizes() {
    #expect(tree.cut(.count(2)).sizes == [4, 1])
    #expect(tree.cut(.count(3)).sizes == [2, 2, 1])
  }

  @Test("SciPy's linkage matrix lists left, right, height and count")
  func linkageMatrix() {
    #expect(tree.linkageMatrix.prefix(8) == [0, 3, 0.1, 2, 1, 4, 0.2, 2])
    #expect(tree.linkageMatrix.suffix(4) == [2, 7, 0.5, 5])
  }

  @Test("Labels of any kind are numbered by first occurrence")
  func numbering() {
    let partition = Partition(numbering: ["b", "a", "b", "c"])
    #expect(partition.labels == [0, 1, 0, 2])
    #expect(partition.clusterCount == 3)
    #expect(partition.sizes == [2, 1, 1])
  }

  @Test("A partition survives JSON, and a wrong one is refused")
  func json() throws {
    let partition = tree.cut(.count(3))
    let text = try JSONEncoder().encode(partition)
    #expect(try JSONDecoder().decode(Partition.self, from: text) == partition)
    let wrong = Data(#"{"labels":[1,0],"clusterCount":2}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Partition.self, from: wrong) }
  }

  @Test(
    "The text form of a cut reads back",
    arguments: ["height:0.24", "count:101", "quantile:0.9", "gap", "gap:20"])
  func text(_ text: String) throws {
    #expect(CutRule(text)?.description == text)
    let rule = try JSONDecoder().decode([CutRule].self, from: Data(#"["\#(text)"]"#.utf8))
    #expect(rule == [CutRule(text)])
  }

  @Test(
    "Other text is no cut",
    arguments: ["", "height", "height:x", "count:0", "quantile:1.1", "k:3", "gap:1", "gap:"])
  func noCut(_ text: String) {
    #expect(CutRule(text) == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([CutRule].self, from: Data(#"["\#(text)"]"#.utf8))
    }
  }

  @Test("Broken trees are found out")
  func violations() {
    typealias Merge = Dendrogram.Merge
    let first = Merge(0, 1, height: 0.3, count: 2)
    func violation(_ second: Merge) -> String? {
      Dendrogram(count: 3, merges: [first, second]).violation
    }
    #expect(violation(Merge(2, 3, height: 0.3, count: 3)) == nil)
    #expect(violation(Merge(2, 3, height: 0.2, count: 3))?.contains("after 0.3") == true)
    #expect(violation(Merge(2, 3, height: .nan, count: 3)) != nil)
    #expect(violation(Merge(2, 3, height: 0.4, count: 4))?.contains("counts 4") == true)
    #expect(violation(Merge(0, 2, height: 0.4, count: 2))?.contains("again") == true)
    #expect(violation(Merge(2, 4, height: 0.4, count: 3)) != nil)
    #expect(Dendrogram(count: 3, merges: [first]).violation == "1 merges for 3 rows")
  }
}
