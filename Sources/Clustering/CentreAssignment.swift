internal import Tensors

/// The centre most similar to every row, of equals the first.
struct CentreAssignment {
  private static let centresAtOnce = 1024
  /// Multiplications after which a rank shows the others that it is alive.
  private static let productsAtOnce = 1 << 36

  /// The place of each row's centre.
  let places: [Int32]
  /// Each row's cosine to it.
  let similarities: [Float]

  /// What is found for one row.
  private struct Nearest: BitwiseCopyable, Sendable {
    var place: Int32 = 0
    var similarity = -Float.infinity
  }

  /// Compares all rows with all centres, in blocks that the team shares.
  ///
  /// - Parameter centres: unit rows, k·D, at least one unless there are no rows.
  init(
    of rows: WeightedRows, to centres: Matrix, lanes: LanePool, team: any SearchTeam
  ) throws {
    precondition(
      centres.rows > 0 || rows.count == 0, "\(rows.count) rows have no centre to belong to")
    let starts = stride(from: 0, to: centres.rows, by: Self.centresAtOnce)
    let parts = starts.map { start in
      (start, centres.rows(start..<min(start + Self.centresAtOnce, centres.rows)))
    }
    let found = LaneArray<Nearest>(count: rows.count)
    let share = rows.share(of: team)
    let turns = 1 + rows.count * rows.width * centres.rows / team.size / Self.productsAtOnce
    for turn in 0..<turns {
      if turn > 0, team.size > 1 { _ = try team.gather([Int32]()) }
      let first = share.lowerBound + share.count * turn / turns
      let end = share.lowerBound + share.count * (turn + 1) / turns
      lanes.each(end - first) { index, _ in
        for (start, part) in parts {
          Self.compare(rows, block: first + index, with: part, from: start, found)
        }
      }
    }
    try rows.exchange(found, with: team)
    places = (0..<rows.count).map { found[$0].place }
    similarities = (0..<rows.count).map { found[$0].similarity }
  }

  /// Notes the centres, of which `part` has those from `start` on, that are nearer to a block's rows than
  /// those before.
  private static func compare(
    _ rows: WeightedRows, block index: Int, with part: Matrix, from start: Int,
    _ found: LaneArray<Nearest>
  ) {
    let block = rows.blocks[index]
    var products = Matrix(rows: block.rows, columns: part.rows)
    BLAS.multiply(block, by: part, transposingB: true, into: &products)
    for (offset, row) in rows.places(of: index).enumerated() {
      var nearest = start == 0 ? Nearest() : found[row]
      for (column, product) in products.row(offset).enumerated()
      where product > nearest.similarity {
        nearest = Nearest(place: Int32(start + column), similarity: product)
      }
      found[row] = nearest
    }
  }
}
