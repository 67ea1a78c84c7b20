internal import Tensors

/// The centre most similar to every row, of equals the first.
struct CentreAssignment {
  private static let centresAtOnce = 1024

  /// The place of each row's centre.
  let places: [Int32]
  /// Each row's cosine to it.
  let similarities: [Float]

  /// Compares all rows with all centres, in blocks.
  ///
  /// - Parameter centres: unit rows, k·D, at least one unless there are no rows.
  init(of rows: WeightedRows, to centres: Matrix, lanes: LanePool) {
    let starts = stride(from: 0, to: centres.rows, by: Self.centresAtOnce)
    let parts = starts.map { start in
      (start, centres.rows(start..<min(start + Self.centresAtOnce, centres.rows)))
    }
    let places = LaneArray<Int32>(count: rows.count)
    let similarities = LaneArray<Float>(count: rows.count)
    lanes.each(rows.blocks.count) { index, _ in
      let block = rows.blocks[index]
      for row in rows.places(of: index) { (places[row], similarities[row]) = (0, -.infinity) }
      for (start, part) in parts {
        var products = Matrix(rows: block.rows, columns: part.rows)
        BLAS.multiply(block, by: part, transposingB: true, into: &products)
        for (offset, row) in rows.places(of: index).enumerated() {
          var (best, place) = (similarities[row], places[row])
          for (column, product) in products.row(offset).enumerated() where product > best {
            (best, place) = (product, Int32(start + column))
          }
          (similarities[row], places[row]) = (best, place)
        }
      }
    }
    self.places = (0..<rows.count).map { places[$0] }
    self.similarities = (0..<rows.count).map { similarities[$0] }
  }
}
