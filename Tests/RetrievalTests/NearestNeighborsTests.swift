import Tensors
import Testing

@testable import Retrieval

@Suite("Nearest neighbours are exact")
struct NearestNeighborsTests {
  init() { BLAS.useOneThread() }

  private func rows(_ count: Int, _ width: Int, seed: UInt64) -> Matrix {
    var random = RandomStream(seed: seed, purpose: .test)
    return Matrix(rows: count, columns: width, values: random.normals(count * width)).unitRows()
  }

  /// All cosines in double precision, sorted; ties to the lowest row.
  private func bruteForce(_ k: Int, _ queries: Matrix, _ gallery: Matrix) -> [[Int]] {
    (0..<queries.rows).map { query in
      let cosines = (0..<gallery.rows).map { row in
        zip(queries.row(query), gallery.row(row)).reduce(0.0) {
          $0 + Double($1.0) * Double($1.1)
        }
      }
      let order = cosines.indices.sorted { (cosines[$1], $0) < (cosines[$0], $1) }
      return Array(order.prefix(k))
    }
  }

  @Test(
    "The rows are those of brute force in double precision, on any number of lanes",
    arguments: [1, 7, 50])
  func bruteForceAgrees(_ k: Int) {
    let (queries, gallery) = (rows(150, 19, seed: 1), rows(2300, 19, seed: 2))
    let expected = bruteForce(k, queries, gallery)
    let one = NearestNeighbors.search(k, for: queries, in: gallery, lanes: LanePool(count: 1))
    #expect(one.map { $0.map(\.index) } == expected)
    for lanes in [2, 3] {
      let pool = LanePool(count: lanes)
      #expect(NearestNeighbors.search(k, for: queries, in: gallery, lanes: pool) == one)
    }
  }

  @Test("Cosines are those of the rows, falling")
  func cosines() {
    let gallery = rows(60, 8, seed: 3)
    let found = NearestNeighbors.search(60, for: gallery, in: gallery, lanes: LanePool(count: 2))
    for (row, neighbors) in found.enumerated() {
      #expect(neighbors.first?.index == row)
      #expect(abs((neighbors.first?.similarity ?? 0) - 1) < 1e-6)
      #expect(zip(neighbors, neighbors.dropFirst()).allSatisfy { $0.similarity >= $1.similarity })
      #expect(Set(neighbors.map(\.index)).count == 60)
    }
  }

  @Test("Ties go to the lowest row, wherever in a block it lies")
  func ties() {
    let distinct = rows(3, 5, seed: 4)
    let gallery = distinct.rows((0..<2600).map { $0 % 3 })
    let found = NearestNeighbors.search(40, for: distinct, in: gallery, lanes: LanePool(count: 2))
    for (query, neighbors) in found.enumerated() {
      #expect(neighbors.map(\.index) == (0..<40).map { 3 * $0 + query })
    }
  }

  @Test("Rows too close for single precision are ranked right")
  func collapsed() {
    var values = rows(400, 16, seed: 5)
    for place in values.values.indices { values.values[place] = 1 + values.values[place] * 1e-3 }
    let gallery = values.unitRows()
    let queries = gallery.rows(0..<20)
    let found = NearestNeighbors.search(10, for: queries, in: gallery, lanes: LanePool(count: 2))
    #expect(found.map { $0.map(\.index) } == bruteForce(10, queries, gallery))
  }

  @Test("A query of zeros is as near to every row")
  func zeros() {
    let gallery = rows(500, 4, seed: 6)
    let query = Matrix(rows: 1, columns: 4)
    let found = NearestNeighbors.search(5, for: query, in: gallery, lanes: LanePool(count: 2))
    #expect(found == [(0..<5).map { Neighbor(index: $0, similarity: 0) }])
  }

  @Test("More neighbours than rows are all rows")
  func fewRows() {
    let gallery = rows(3, 4, seed: 7)
    let pool = LanePool(count: 2)
    let found = NearestNeighbors.search(50, for: gallery, in: gallery, lanes: pool)
    #expect(found.allSatisfy { Set($0.map(\.index)) == [0, 1, 2] })
    let none = Matrix(rows: 0, columns: 4)
    #expect(NearestNeighbors.search(5, for: gallery, in: none, lanes: pool) == [[], [], []])
    #expect(NearestNeighbors.search(5, for: none, in: gallery, lanes: pool).isEmpty)
    #expect(NearestNeighbors.search(0, for: gallery, in: gallery, lanes: pool) == [[], [], []])
  }
}
