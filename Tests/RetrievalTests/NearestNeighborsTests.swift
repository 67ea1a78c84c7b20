import Tensors
import Testing

@testable import Retrieval

@Suite struct NearestNeighborsTests {
  private static func rows(_ count: Int, _ width: Int, seed: UInt64) -> Matrix {
    var random = RandomStream(seed: seed, purpose: .test)
    return Matrix(rows: count, columns: width, values: random.normals(count * width)).unitRows()
  }

  @Test(arguments: [1, 5, 130], [1, 2, 3])
  func `neighbours are those of brute force in double precision`(queries: Int, lanes: Int) {
    let gallery = Self.rows(97, 24, seed: 1)
    let asked = Self.rows(queries, 24, seed: 2)
    let found = NearestNeighbors.search(10, for: asked, in: gallery, lanes: LanePool(count: lanes))
    #expect(found.count == queries)
    for (query, list) in found.enumerated() {
      let cosines = (0..<gallery.rows).map { row in
        zip(asked.row(query), gallery.row(row)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      }
      let expected = cosines.indices.sorted { cosines[$0] > cosines[$1] }.prefix(10)
      #expect(list.map(\.index) == Array(expected))
      for neighbor in list {
        #expect(abs(Double(neighbor.similarity) - cosines[neighbor.index]) < 1e-6)
      }
    }
  }

  @Test func `equal rows come in their order, and a k beyond the gallery gives all of it`() {
    let gallery = Matrix(rows: 3, columns: 2, values: [0, 1, 1, 0, 1, 0])
    let asked = Matrix(rows: 1, columns: 2, values: [1, 0])
    let lanes = LanePool(count: 1)
    #expect(
      NearestNeighbors.search(9, for: asked, in: gallery, lanes: lanes)[0].map(\.index) == [
        1, 2, 0,
      ])
    #expect(
      NearestNeighbors.search(1, for: asked, in: gallery, lanes: lanes)[0].map(\.index) == [1])
  }

  @Test func `an empty gallery has no neighbours`() {
    let none = Matrix(rows: 0, columns: 4)
    let found = NearestNeighbors.search(
      3, for: Self.rows(2, 4, seed: 3), in: none, lanes: LanePool(count: 2))
    #expect(found == [[], []])
  }
}
