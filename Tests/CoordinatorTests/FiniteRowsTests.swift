import Tensors
import Testing

@testable import Coordinator

/// Embeddings of diverged weights are measured by nobody.
struct FiniteRowsTests {
  @Test("Rows that are finite are the rows")
  func finite() throws {
    let rows = Matrix(rows: 2, columns: 2, values: [0, -1, 3, .greatestFiniteMagnitude])
    #expect(try rows.finite().values == rows.values)
  }

  @Test("One element refuses all, with the number of rows", arguments: [Float.nan, .infinity])
  func diverged(_ wrong: Float) {
    let rows = Matrix(rows: 3, columns: 2, values: [0, wrong, 1, 1, wrong, wrong])
    let error = #expect(throws: NumericError.self) { try rows.finite() }
    #expect(error?.description.contains("of 2 of 3 videos") == true)
    #expect(error?.code == .numeric)
  }
}
