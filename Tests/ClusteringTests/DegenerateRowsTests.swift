import Tensors
import Testing

@testable import Clustering

@Suite("Degenerate rows have defined results")
struct DegenerateRowsTests {
  private let pool = LanePool(count: 2)

  init() { BLAS.useOneThread() }

  @Test("Rows without a direction are an error that names them all")
  func withoutDirection() {
    var rows = RandomRows.scattered(30, 4, seed: 1)
    for row in [3, 17] {
      for column in 0..<4 { rows[row, column] = 0 }
    }
    #expect(throws: ClusteringError(fault: .zero, rows: [3, 17], count: 30)) {
      try Dendrogram(of: rows, lanes: pool)
    }
    rows[5, 2] = .nan
    rows[29, 0] = -.infinity
    #expect(throws: ClusteringError(fault: .notFinite, rows: [5, 29], count: 30)) {
      try Dendrogram(of: rows, lanes: pool)
    }
    #expect(throws: ClusteringError(fault: .zero, rows: [0, 1], count: 2)) {
      try Dendrogram(of: Matrix(rows: 2, columns: 0), lanes: pool)
    }
    let error = ClusteringError(fault: .zero, rows: Array(0..<12), count: 40)
    #expect("\(error)".hasPrefix("12 of 40 rows have only zeros"))
    #expect("\(error)".hasSuffix("8, 9, …"))
  }

  @Test("No rows and one row have a tree without merges")
  func few() throws {
    for count in 0...1 {
      let rows = Matrix(rows: count, columns: 3, repeating: 1)
      let tree = try Dendrogram(of: rows, lanes: pool)
      #expect(tree.merges.isEmpty)
      #expect(tree.linkageMatrix.isEmpty)
      #expect(tree.cut(.count(1)).clusterCount == count)
      #expect(tree.cut(.height(2)).labels == [Int32](repeating: 0, count: count))
    }
  }

  @Test("Two rows merge at their distance")
  func two() throws {
    let rows = Matrix(rows: 2, columns: 2, values: [3, 0, 1, 1])
    let tree = try Dendrogram(of: rows, lanes: pool)
    #expect(tree.linkageMatrix.count == 4)
    #expect(tree.merges.map(\.left) == [0] && tree.merges.map(\.right) == [1])
    #expect(abs(tree.merges[0].height - (1 - 0.5.squareRoot())) < 1e-15)
  }

  @Test("Opposite rows merge at 2, the largest distance there is")
  func opposite() throws {
    let rows = Matrix(rows: 2, columns: 3, values: [1, 2, 3, -1, -2, -3])
    let tree = try Dendrogram(of: rows, lanes: pool)
    #expect(abs(tree.merges[0].height - 2) < 1e-15)
  }

  @Test("Equal rows need no rounds and merge at 0")
  func equal() throws {
    let rows = Matrix(rows: 5000, columns: 8, repeating: -0.3)
    let tree = try Dendrogram(of: rows, lanes: pool)
    #expect(tree.violation == nil)
    #expect(tree.statistics.rounds == 0)
    #expect(tree.statistics.duplicates == 4999)
    #expect(tree.merges.allSatisfy { $0.height == 0 })
    #expect(tree.cut(.height(0)).clusterCount == 1)
  }

  @Test("Copies merge first, at 0, and weigh as much as they are")
  func copies() throws {
    let distinct = RandomRows.scattered(40, 6, seed: 9)
    var random = RandomStream(seed: 9, purpose: .test, sample: 3)
    let picks = Array(0..<40) + (0..<3000).map { _ in random.integer(below: 40) }
    let tree = try Dendrogram(of: distinct.rows(picks), lanes: pool)
    #expect(tree.violation == nil)
    #expect(tree.merges.prefix(3000).allSatisfy { $0.height == 0 })
    #expect(tree.merges[3000].height > 0)
    #expect(tree.cut(.height(0)) == Partition(numbering: picks))

    let few = distinct.rows(picks.prefix(160))
    let weighted = try Dendrogram(of: few, lanes: pool)
    let heights = weighted.merges.map(\.height)
    #expect(largestDifference(heights, NaiveLinkage.heights(few)) < 1e-12)
  }

  @Test("Zeros of either sign are equal")
  func signedZero() throws {
    let rows = Matrix(rows: 2, columns: 2, values: [0, 1, -0.0, 1])
    let tree = try Dendrogram(of: rows, lanes: pool)
    #expect(tree.statistics.duplicates == 1)
  }

  @Test("Rows of one direction and different lengths merge within rounding of 0")
  func oneDirection() throws {
    var rows = Matrix(rows: 600, columns: 5)
    for row in 0..<600 {
      for column in 0..<5 { rows[row, column] = Float(row + 1) * (Float(column) + 0.7) * 1.1 }
    }
    let tree = try Dendrogram(of: rows, lanes: pool)
    #expect(tree.violation == nil)
    #expect(tree.merges.allSatisfy { $0.height < 1e-12 })
  }

  @Test("The largest and the smallest floats are no trouble")
  func extremes() throws {
    let huge = Float.greatestFiniteMagnitude
    let tiny = Float.leastNonzeroMagnitude
    let rows = Matrix(rows: 4, columns: 2, values: [huge, huge, tiny, tiny, huge, 0, 0, tiny])
    let tree = try Dendrogram(of: rows, lanes: pool)
    #expect(tree.violation == nil)
    #expect(largestDifference(tree.merges.map(\.height), NaiveLinkage.heights(rows)) < 1e-12)
    #expect(tree.merges[0].left == 0 && tree.merges[0].right == 1)
  }
}
