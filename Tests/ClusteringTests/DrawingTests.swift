import Tensors
import Testing

@testable import Clustering

@Suite("Trees as text and pictures")
struct DrawingTests {
  private typealias Merge = Dendrogram.Merge

  /// ((0 1) 2), with heights 0.25 and 0.75.
  private let tree = Dendrogram(
    count: 3, merges: [Merge(0, 1, height: 0.25, count: 2), Merge(2, 3, height: 0.75, count: 3)])

  init() { BLAS.useOneThread() }

  @Test("Newick branches are differences of heights, and odd names are quoted")
  func newick() {
    #expect(
      tree.newick(names: ["a", "it's b", "Run/v_1"])
        == "('Run/v_1':0.75,(a:0.25,'it''s b':0.25):0.5);\n")
    #expect(Dendrogram(count: 0, merges: []).newick(names: []) == ";\n")
    #expect(Dendrogram(count: 1, merges: []).newick(names: [""]) == "'';\n")
  }

  @Test("A chain of a hundred thousand merges is written without recursion")
  func deep() {
    let count = 100_000
    let chain = Dendrogram(
      count: count,
      merges: (1..<count).map {
        Merge($0, $0 == 1 ? 0 : count + $0 - 2, height: Double($0), count: $0 + 1)
      })
    let text = chain.newick(names: (0..<count).map(String.init))
    #expect(text.utf8.count { $0 == UInt8(ascii: "(") } == count - 1)
    #expect(text.hasPrefix("(99999:99999.0,(99998:99998.0,("))
    let outline = DendrogramOutline(of: chain, tips: 20)
    #expect(outline.tips.count <= 20 && outline.tiny == 200)
  }

  @Test("Small trees are shown whole, each row a tip")
  func whole() {
    let outline = DendrogramOutline(of: tree, tips: 10)
    #expect(outline.tiny == 0)
    #expect(outline.tips.map { outline.branches[$0].top } == [0, 1, 2])
    #expect(DendrogramOutline(of: Dendrogram(count: 0, merges: []), tips: 10).tips.isEmpty)
    #expect(DendrogramOutline(of: Dendrogram(count: 1, merges: []), tips: 10).tips == [0])
  }

  @Test("The highest splits are shown, and every row is below a tip or a tick", arguments: 0..<6)
  func top(_ seed: UInt64) throws {
    let rows = RandomRows.clustered(
      900, 8, centres: 30, spread: seed.isMultiple(of: 2) ? 0.3 : 1.5, seed: seed)
    let tree = try Dendrogram(of: rows, lanes: LanePool(count: 1))
    let outline = DendrogramOutline(of: tree, tips: 25)
    #expect(outline.tips.count == 25)
    let below = outline.tips.reduce(0) { $0 + tree.rows(ofNode: outline.branches[$1].top) }
    let ticks = outline.branches.flatMap(\.ticks)
    #expect(below + ticks.reduce(0) { $0 + $1.rows } == 900)
    #expect(ticks.allSatisfy { $0.rows <= outline.tiny })
    // A tip that could split would do so below all the splits that are shown.
    let splits = outline.branches.filter { !$0.children.isEmpty }.map {
      tree.height(ofNode: $0.end)
    }
    for tip in outline.tips {
      var node = outline.branches[tip].top
      while node >= tree.count {
        let merge = tree.merges[node - tree.count]
        let sizes = (tree.rows(ofNode: merge.left), tree.rows(ofNode: merge.right))
        if min(sizes.0, sizes.1) > outline.tiny {
          #expect(merge.height <= splits.min() ?? 0)
          break
        }
        node = sizes.0 > sizes.1 ? merge.left : merge.right
      }
    }
  }

  @Test("Ten thousand rows take a small picture that names counts, clusters and the cut")
  func picture() throws {
    let rows = RandomRows.clustered(10_000, 6, centres: 20, spread: 0.2, seed: 3)
    let tree = try Dendrogram(of: rows, lanes: LanePool(count: 2))
    let partition = tree.cut(.count(20))
    let picture = DendrogramPicture(
      of: tree, names: (0..<10_000).map(String.init), title: "a < b & c", axis: "height",
      partition: partition, marks: [.init("cut", height: tree.height(of: .count(20)) ?? 0)])
    let svg = picture.svg
    #expect(svg.utf8.count < 100_000)
    #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
    #expect(svg.contains("a &lt; b &amp; c"))
    #expect(svg.contains("10,000 rows in 20 clusters"))
    #expect(svg.contains("stroke-dasharray"))
    // The others are tiny and therefore ticks.
    let named = Set(partition.labels).filter { svg.contains("· cluster \($0)") }
    #expect(named.count >= 10)
    #expect(!svg.contains("nan") && !svg.contains("inf"))
  }

  @Test(
    "Two hundred clusters have a colour each; where there are more, tips are said to hold several")
  func manyClusters() throws {
    let triples = RandomRows.scattered(200, 8, seed: 4).rows((0..<600).map { $0 % 200 })
    let tree = try Dendrogram(of: triples, lanes: LanePool(count: 1))
    func svg(_ partition: Partition) -> String {
      DendrogramPicture(
        of: tree, names: (0..<600).map(String.init), title: "t", axis: "h", partition: partition
      ).svg
    }
    let (each, many) = (svg(tree.cut(.count(200))), svg(tree.cut(.count(500))))
    #expect(each.ranges(of: "· cluster ").count == 200)
    #expect(!each.contains("holds several") && many.contains("holds several"))
  }

  @Test("Marks that join a reserved character leave it escaped, and what XML forbids is left out")
  func scalars() {
    let names = ["a<\u{338}b", "q'\u{301}x", "x\u{fffe}y"]
    let svg = DendrogramPicture(of: tree, names: names, title: "&\u{301}", axis: "h").svg
    #expect(svg.contains("a&lt;\u{338}b") && svg.contains("&amp;\u{301}"))
    #expect(!svg.unicodeScalars.contains("\u{fffe}"))
    #expect(
      tree.newick(names: names).unicodeScalars.elementsEqual(
        "('x\u{fffe}y':0.75,('a<\u{338}b':0.25,'q''\u{301}x':0.25):0.5);\n".unicodeScalars))
  }

  @Test("Trees without merges, and trees of copies, have pictures")
  func degenerate() throws {
    for count in [0, 1, 2, 60] {
      let rows = Matrix(rows: count, columns: 2, repeating: 1)
      let tree = try Dendrogram(of: rows, lanes: LanePool(count: 1))
      let svg = DendrogramPicture(
        of: tree, names: (0..<count).map { "row \($0)" }, title: "t", axis: "h",
        partition: tree.cut(.height(0)), marks: [.init("m", height: 0)]
      ).svg
      #expect(svg.hasSuffix("</svg>\n") && !svg.contains("nan") && !svg.contains("inf"))
    }
  }

  @Test(
    "The least heights that there are have an axis",
    arguments: [.leastNonzeroMagnitude, .leastNormalMagnitude / 8, 1e-301])
  func leastAxis(_ highest: Double) {
    let scale = HeightScale(highest: highest)
    #expect((5...13).contains(scale.ticks.count) && (0...1).contains(scale.share(of: highest)))
  }

  @Test(
    "Axes have five to twelve round numbers", arguments: [1e-9, 0.013, 0.24, 0.99, 1, 1.9, 730])
  func axis(_ highest: Double) {
    let scale = HeightScale(highest: highest)
    #expect((5...13).contains(scale.ticks.count))
    #expect(scale.share(of: highest) > 0.97 && scale.share(of: 0) == 0)
    #expect(Set(scale.ticks.map(scale.text)).count == scale.ticks.count)
  }

  @Test("Numbers of an axis stay short", arguments: [1e-20, 1e-10, 3e8, 1e25])
  func shortNumbers(_ highest: Double) {
    let texts = HeightScale(highest: highest).ticks.map(HeightScale(highest: highest).text)
    #expect(texts.allSatisfy { $0.count <= 12 } && Set(texts).count == texts.count)
  }
}
