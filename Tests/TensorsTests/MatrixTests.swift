import Testing

@testable import Tensors

@Suite struct MatrixTests {
  /// The product written out, summed in double precision.
  private static func product(
    _ a: Matrix, _ transposingA: Bool, _ b: Matrix, _ transposingB: Bool
  ) -> Matrix {
    let rows = transposingA ? a.columns : a.rows
    let inner = transposingA ? a.rows : a.columns
    let columns = transposingB ? b.rows : b.columns
    var result = Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<inner {
          let left = transposingA ? a[k, row] : a[row, k]
          let right = transposingB ? b[column, k] : b[k, column]
          sum += Double(left) * Double(right)
        }
        result[row, column] = Float(sum)
      }
    }
    return result
  }

  @Test(arguments: [false, true], [false, true])
  func `A product equals the one written out`(transposingA: Bool, transposingB: Bool) {
    BLAS.useOneThread()
    var random = RandomStream(seed: 2, purpose: .test)
    for (m, n, k) in [(1, 1, 1), (3, 5, 2), (17, 9, 33), (64, 31, 128)] {
      let (aRows, aColumns) = transposingA ? (k, m) : (m, k)
      let (bRows, bColumns) = transposingB ? (n, k) : (k, n)
      let a = Matrix(rows: aRows, columns: aColumns, values: random.normals(m * k))
      let b = Matrix(rows: bRows, columns: bColumns, values: random.normals(n * k))
      let start = Matrix(rows: m, columns: n, values: random.normals(m * n))
      var c = start
      BLAS.multiply(
        a, transposingA: transposingA, by: b, transposingB: transposingB, into: &c, alpha: 0.5,
        beta: 2)
      let expected = Self.product(a, transposingA, b, transposingB)
      for index in c.values.indices {
        let value = 0.5 * expected.values[index] + 2 * start.values[index]
        #expect(abs(c.values[index] - value) < 1e-4)
      }
    }
  }

  @Test func `An empty product changes nothing`() {
    var c = Matrix(rows: 0, columns: 3)
    BLAS.multiply(Matrix(rows: 0, columns: 2), by: Matrix(rows: 2, columns: 3), into: &c)
    #expect(c == Matrix(rows: 0, columns: 3))
  }

  @Test func `Unit rows have length one and zero rows stay`() {
    let unit = Matrix(rows: 3, columns: 2, values: [3, 4, 0, 0, -1e-20, 0]).unitRows()
    #expect(unit.values == [0.6, 0.8, 0, 0, -1, 0])
  }

  @Test func `Rows are picked in the order asked for`() {
    let matrix = Matrix(rows: 3, columns: 2, values: [0, 1, 2, 3, 4, 5])
    #expect(matrix.rows([2, 0, 2]).values == [4, 5, 0, 1, 4, 5])
    #expect(Array(matrix.row(1)) == [2, 3])
  }

  @Test func `Storage is aligned, zeroed and assignable`() {
    for count in [0, 1, 1000, 600_000] {
      let storage = AlignedStorage(count: count)
      #expect(UInt(bitPattern: unsafe storage.base) % 64 == 0)
      #expect(storage.array == [Float](repeating: 0, count: count))
    }
    let storage = AlignedStorage(count: 3)
    storage.assign([1, 2, 3])
    #expect(storage.array == [1, 2, 3])
  }
}
