import Tensors
import Testing

@testable import Clustering

@Suite("Rows in double precision")
struct DoubleRowsTests {
  init() { BLAS.useOneThread() }

  private func doubles(_ rows: Matrix, times factor: Double = 1) -> DoubleMatrix {
    DoubleMatrix(
      rows: rows.rows, columns: rows.columns, values: rows.values.map { Double($0) * factor })
  }

  @Test(
    "Heights and cuts are SciPy's where floats could not tell rows apart",
    arguments: try ClusteringFixtures.doubles())
  func scipy(_ known: ClusteringFixtures.DoublesCase) throws {
    let tree = try Dendrogram(
      of: known.matrix, linkage: known.linkage, metric: known.metric, lanes: LanePool(count: 2))
    #expect(tree.violation == nil)
    // SciPy's distances of rows so near are themselves off by their cosine's or square's rounding.
    #expect(largestDifference(tree.merges.map(\.height), known.heights.sorted()) < 1e-14)
    #expect(known.cuts.count == 12)
    for cut in known.cuts {
      #expect(tree.cut(.count(cut.count)).labels == cut.labels, "\(cut.count) clusters")
    }
  }

  @Test(
    "Doubles that are floats give the same bits as these, also in a heap that gets an origin",
    arguments: Linkage.allCases, [(20, 0.3), (1, 1e-4)])
  func floats(_ linkage: Linkage, heaps: (centres: Int, spread: Double)) throws {
    let lanes = LanePool(count: 2)
    let metric: Metric = linkage.isDefined(on: .cosine) ? .cosine : .euclidean
    var rows = RandomRows.clustered(
      500, 9, centres: heaps.centres, spread: heaps.spread, seed: 8)
    for column in 0..<9 { rows[17, column] = rows[4, column] }
    let tree = try Dendrogram(of: rows, linkage: linkage, metric: metric, lanes: lanes)
    let same = try Dendrogram(of: doubles(rows), linkage: linkage, metric: metric, lanes: lanes)
    if metric == .cosine {
      #expect(same == tree)
    } else {
      // The centre is taken off before and not after rounding to sums.
      #expect(
        largestDifference(same.merges.map(\.height), tree.merges.map(\.height)) < 1e-12)
    }
    #expect(same.merges[0].height == 0 && same.statistics.duplicates == tree.statistics.duplicates)
  }

  @Test(
    "Sizes beyond a float's or a square's range change nothing", arguments: [0x1p900, 0x1p-900])
  func range(_ factor: Double) throws {
    let lanes = LanePool(count: 1)
    let rows = RandomRows.scattered(120, 7, seed: 2)
    let tree = try Dendrogram(of: doubles(rows), lanes: lanes)
    #expect(try Dendrogram(of: doubles(rows, times: factor), lanes: lanes) == tree)
    let ward = try Dendrogram(of: doubles(rows), linkage: .ward, metric: .euclidean, lanes: lanes)
    let scaled = try Dendrogram(
      of: doubles(rows, times: factor), linkage: .ward, metric: .euclidean, lanes: lanes)
    #expect(scaled.merges.map { $0.height / factor } == ward.merges.map(\.height))
  }

  @Test("Rows far from the others stay apart where no centre is taken off")
  func outlier() throws {
    let rows = DoubleMatrix(rows: 4, columns: 1, values: [0, 1, 2.5, 1e17])
    for linkage in [Linkage.single, .complete, .average] {
      let tree = try Dendrogram(
        of: rows, linkage: linkage, metric: .euclidean, lanes: LanePool(count: 1))
      #expect(tree.merges[0].height == 1 && tree.statistics.duplicates == 0, "\(linkage)")
    }
    let lines = DoubleMatrix(rows: 3, columns: 2, values: [1, 0.1, 2, 0.2, 1, -1])
    let tree = try Dendrogram(of: lines, lanes: LanePool(count: 1))
    #expect(tree.statistics.duplicates == 0, "one direction, two rows")
  }

  @Test("Memory that is not there is refused before any is taken")
  func memory() {
    let rows = doubles(RandomRows.scattered(40, 8, seed: 1))
    let error = #expect(throws: ClusteringError.self) {
      try Dendrogram(of: rows, lanes: LanePool(count: 1), memoryLimit: 40 * (64 + 259))
    }
    #expect(error?.fault == .memoryOfRows(needed: 40 * (64 + 260), limit: 40 * (64 + 259)))
  }

  @Test("Rows that cannot be clustered are named")
  func refusals() throws {
    var values = doubles(RandomRows.scattered(9, 3, seed: 1)).values
    values[3 * 4 + 1] = .nan
    values[3 * 7] = -.infinity
    let error = #expect(throws: ClusteringError.self) {
      try Dendrogram(
        of: DoubleMatrix(rows: 9, columns: 3, values: values), lanes: LanePool(count: 1))
    }
    #expect(error?.fault == .notFinite && error?.rows == [4, 7])
    values[3 * 7] = 1
    values[3 * 4 + 1] = 1e305
    let large = #expect(throws: ClusteringError.self) {
      try Dendrogram(
        of: DoubleMatrix(rows: 9, columns: 3, values: values), linkage: .complete,
        metric: .euclidean, lanes: LanePool(count: 1))
    }
    #expect(large?.fault == .tooLarge && large?.rows == [4])
    for column in 0..<3 { values[3 * 4 + column] = column == 1 ? -0.0 : 0 }
    values[3 * 7] = 1
    let zero = #expect(throws: ClusteringError.self) {
      try Dendrogram(
        of: DoubleMatrix(rows: 9, columns: 3, values: values), lanes: LanePool(count: 1))
    }
    #expect(zero?.fault == .zero && zero?.rows == [4])
    for count in 0...2 {
      let tree = try Dendrogram(
        of: DoubleMatrix(rows: count, columns: 2, values: (0..<2 * count).map { Double($0 + 1) }),
        metric: .euclidean, lanes: LanePool(count: 1))
      #expect(tree.merges.count == max(0, count - 1))
    }
  }
}
