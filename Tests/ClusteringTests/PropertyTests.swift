import Foundation
import Tensors
import Testing

@testable import Clustering

/// What holds for every dendrogram, over random data.
@Suite("Invariants of dendrograms")
struct PropertyTests {
  static let kinds: [(Linkage, Metric)] = [
    (.average, .cosine), (.average, .euclidean), (.ward, .euclidean), (.single, .cosine),
    (.single, .euclidean), (.complete, .cosine), (.complete, .euclidean), (.centroid, .euclidean),
    (.median, .euclidean),
  ]

  @Test("Sound trees, the same for permuted rows and any lanes", arguments: 0..<9, 0..<4)
  func invariants(_ kind: Int, _ seed: UInt64) throws {
    let (linkage, metric) = Self.kinds[kind]
    var random = RandomStream(seed: seed, purpose: .test, sample: 7)
    let count = 2 + random.integer(below: 250)
    let rows = RandomRows.clustered(
      count, 1 + random.integer(below: 20), centres: 8, spread: 0.3, seed: seed)
    func tree(_ rows: Matrix, lanes: Int = 2) throws -> Dendrogram {
      try Dendrogram(of: rows, linkage: linkage, metric: metric, lanes: LanePool(count: lanes))
    }
    let plain = try tree(rows)
    #expect(plain.violation(allowingInversions: linkage.hasInversions) == nil)
    #expect(try tree(rows, lanes: 1) == plain)

    let order = random.permutation(of: count)
    let permuted = try tree(rows.rows(order))
    let heights = (plain.reaches, permuted.reaches)
    #expect(largestDifference(heights.0, heights.1) < 1e-9)
    for kept in [count / 4, count / 2, count * 3 / 4] where kept > 0 && kept < count - 1 {
      // A cut through a tie may fall on either side.
      guard heights.0[kept] - heights.0[kept - 1] > 1e-9 else { continue }
      let labels = plain.cut(.count(count - kept)).labels
      #expect(
        permuted.cut(.count(count - kept)) == Partition(numbering: order.map { labels[$0] }))
    }
  }

  @Test("Copies merge first, at 0, whatever the linkage", arguments: 0..<9)
  func copies(_ kind: Int) throws {
    let (linkage, metric) = Self.kinds[kind]
    let distinct = RandomRows.scattered(30, 5, seed: 4)
    let picks = Array(0..<30) + (0..<2000).map { $0 * 7 % 30 }
    let tree = try Dendrogram(
      of: distinct.rows(picks), linkage: linkage, metric: metric, lanes: LanePool(count: 2))
    #expect(tree.violation(allowingInversions: linkage.hasInversions) == nil)
    #expect(tree.merges.prefix(2000).allSatisfy { $0.height == 0 })
    #expect(tree.merges[2000].height > 0)
    #expect(tree.cut(.height(0)) == Partition(numbering: picks))
  }

  @Test("No row, one, two, and equal ones, whatever the linkage", arguments: 0..<9)
  func few(_ kind: Int) throws {
    let (linkage, metric) = Self.kinds[kind]
    for count in [0, 1, 2, 500] {
      let rows = Matrix(rows: count, columns: 3, repeating: 2)
      let tree = try Dendrogram(
        of: rows, linkage: linkage, metric: metric, lanes: LanePool(count: 2))
      #expect(tree.violation == nil)
      #expect(tree.merges.allSatisfy { $0.height == 0 })
    }
    let pair = Matrix(rows: 2, columns: 2, values: [3, 0, 0, 4])
    let tree = try Dendrogram(
      of: pair, linkage: linkage, metric: metric, lanes: LanePool(count: 1))
    #expect(abs(tree.merges[0].height - (metric == .cosine ? 1 : 5)) < 1e-12)
  }

  @Test("Rows that cannot be clustered are named, whatever the linkage", arguments: 0..<9)
  func faults(_ kind: Int) throws {
    let (linkage, metric) = Self.kinds[kind]
    func fault(of rows: Matrix) -> ClusteringError? {
      do {
        let tree = try Dendrogram(
          of: rows, linkage: linkage, metric: metric, lanes: LanePool(count: 2))
        return tree.violation(allowingInversions: linkage.hasInversions).map { _ in
          ClusteringError(fault: .notFinite, rows: [], count: 0)
        }
      } catch { return error as? ClusteringError }
    }
    var rows = RandomRows.scattered(40, 3, seed: 2)
    for row in [9, 30] {
      for column in 0..<3 { rows[row, column] = 0 }
    }
    let zero = ClusteringError(fault: .zero, rows: [9, 30], count: 40)
    #expect(fault(of: rows) == (metric == .cosine ? zero : nil))
    rows[3, 1] = .nan
    rows[22, 0] = .infinity
    #expect(fault(of: rows) == ClusteringError(fault: .notFinite, rows: [3, 22], count: 40))
  }

  @Test(
    "Rows that pair off one pair a round take bounded work, whatever the linkage",
    .timeLimit(.minutes(10)), arguments: 0..<9)
  func slowPairing(_ kind: Int) throws {
    let (linkage, metric) = Self.kinds[kind]
    // Each row is nearest to the next, so only the last two are each other's nearest; when they have
    // merged, the row before turns to its other side.
    var rows = Matrix(rows: 400, columns: 2)
    var place: Float = 0
    for row in 0..<400 {
      place += 1 + 1e-3 * Float(400 - row)
      let angle = metric == .cosine ? place / 400 : 0
      rows[row, 0] = metric == .cosine ? Float(cos(Double(angle))) : place
      rows[row, 1] = metric == .cosine ? (1 - rows[row, 0] * rows[row, 0]).squareRoot() : 0
    }
    let tree = try Dendrogram(
      of: rows, linkage: linkage, metric: metric, lanes: LanePool(count: 2))
    #expect(tree.violation(allowingInversions: linkage.hasInversions) == nil)
    #expect(tree.statistics.searches < 12 * 400)
    if linkage == .ward { #expect(tree.statistics.rounds + tree.statistics.chainMerges > 100) }
  }

  @Test("Euclidean distance takes zero rows, and far, tiny and huge ones")
  func euclideanRange() throws {
    for scale: Float in [1e-30, 1, 1e18] {
      var rows = RandomRows.scattered(60, 4, seed: 6)
      for place in rows.values.indices { rows.values[place] *= scale }
      for column in 0..<4 { rows[7, column] = 0 }
      let ward = try Dendrogram(
        of: rows, linkage: .ward, metric: .euclidean, lanes: LanePool(count: 1))
      #expect(ward.violation == nil)
      #expect((ward.merges.last?.height ?? 0) > Double(scale))
    }
  }

  @Test("Rows without columns are equal")
  func withoutColumns() throws {
    for linkage in [Linkage.ward, .single, .complete] {
      let tree = try Dendrogram(
        of: Matrix(rows: 5, columns: 0), linkage: linkage, metric: .euclidean,
        lanes: LanePool(count: 1))
      #expect(tree.violation == nil)
      #expect(tree.merges.allSatisfy { $0.height == 0 })
    }
  }

  @Test("Rows far from the origin are told apart by Ward")
  func offset() throws {
    var rows = RandomRows.clustered(300, 6, centres: 10, spread: 0.1, seed: 3)
    let near = try Dendrogram(
      of: rows, linkage: .ward, metric: .euclidean, lanes: LanePool(count: 2))
    for place in rows.values.indices { rows.values[place] += 1024 }
    let far = try Dendrogram(
      of: rows, linkage: .ward, metric: .euclidean, lanes: LanePool(count: 2))
    #expect(far.cut(.count(10)) == near.cut(.count(10)))
  }

  @Test("Rows that are taken over and rows that the caller keeps give one tree")
  func taking() throws {
    // More than the megabyte that is given back at a time; a third are copies, and so are the last.
    let kinds = RandomRows.clustered(2000, 200, centres: 50, spread: 0.3, seed: 5)
    let rows = kinds.rows((0..<3500).map { $0 >= 3000 ? $0 % 7 : $0 % 3 == 2 ? $0 / 3 : $0 % 2000 })
    let before = rows.values
    let kept = try Dendrogram(of: rows, areKept: true, lanes: LanePool(count: 2))
    #expect(rows.values == before)
    func handedOver() -> Matrix { Matrix(rows: 3500, columns: 200, values: before.map { $0 + 0 }) }
    #expect(try Dendrogram(of: handedOver(), lanes: LanePool(count: 2)) == kept)
    let doubles = DoubleMatrix(rows: 3500, columns: 200, values: before.map(Double.init))
    let exact = try Dendrogram(of: doubles, lanes: LanePool(count: 2))
    #expect(doubles.values == before.map(Double.init))
    #expect(zip(exact.merges, kept.merges).allSatisfy { abs($0.height - $1.height) < 1e-12 })
  }

  @Test("Distances that do not fit are refused with numbers and options")
  func memory() throws {
    let rows = RandomRows.scattered(1000, 3, seed: 1)
    let fault = ClusteringError.Fault.memory(needed: 3_996_000, limit: 2 << 20)
    let error = ClusteringError(fault: fault, rows: [], count: 1000)
    #expect(throws: error) {
      try Dendrogram(
        of: rows, linkage: .complete, metric: .cosine, lanes: LanePool(count: 1),
        memoryLimit: 2 << 20)
    }
    #expect("\(error)".contains("1000 rows take 3 MB, and there are 2 MB"))
    #expect("\(error)".contains("ward"))
  }

  @Test(
    "What is kept besides the rows is refused where it does not fit",
    arguments: [
      (Linkage.average, false, 260_000), (.average, true, 660_000), (.ward, false, 260_000),
      (.single, false, 260_000), (.single, true, 660_000),
      (.centroid, false, 660_000), (.centroid, true, 1_060_000),
    ])
  func memoryOfRows(_ linkage: Linkage, areKept: Bool, needed: Int) throws {
    let rows = RandomRows.scattered(1000, 100, seed: 1)
    func tree(limit: Int) throws -> Dendrogram {
      try Dendrogram(
        of: rows, areKept: areKept, linkage: linkage,
        metric: linkage == .average ? .cosine : .euclidean,
        lanes: LanePool(count: 1), memoryLimit: limit)
    }
    #expect(try tree(limit: needed).merges.count == 999)
    let fault = ClusteringError.Fault.memoryOfRows(needed: needed, limit: needed - 1)
    #expect(throws: ClusteringError(fault: fault, rows: [], count: 1000)) {
      try tree(limit: needed - 1)
    }
  }

  @Test(
    "Linkages of means on cosine distance are refused",
    arguments: [Linkage.ward, .centroid, .median])
  func unsuited(_ linkage: Linkage) {
    #expect(throws: ClusteringError(fault: .unsuited(linkage, .cosine), rows: [], count: 2)) {
      try Dendrogram(
        of: Matrix(rows: 2, columns: 1, repeating: 1), linkage: linkage, lanes: LanePool(count: 1))
    }
  }

  @Test("Faulty rows are named as the caller names them")
  func names() {
    let error = ClusteringError(fault: .notFinite, rows: [1, 3], count: 9)
    #expect(error.description { "video\($0).avi" }.hasSuffix("video1.avi, video3.avi"))
  }
}
