internal import Tensors

/// The whole gallery in the order of its nearness to each query, one query after the other.
///
/// Products are in double precision, and their bits depend on the two rows alone; ties go to the
/// lowest row. Nothing is kept but what `body` makes of an order, so memory does not grow with the
/// number of queries.
struct WholeRanking {
  private static let block = 32
  private let queries: Matrix
  private let gallery: Matrix
  private let lanes: LanePool

  /// - Parameters:
  ///   - queries: Q·D finite rows, of unit length where cosines are meant.
  ///   - gallery: N·D finite rows.
  init(queries: Matrix, gallery: Matrix, lanes: LanePool) {
    precondition(
      queries.columns == gallery.columns || queries.rows == 0 || gallery.rows == 0,
      "queries have \(queries.columns) columns, the gallery \(gallery.columns)")
    self.queries = queries
    self.gallery = gallery
    self.lanes = lanes
  }

  /// Ranks the gallery for every query.
  ///
  /// - Parameters:
  ///   - rescore: turns a query's N cosines into other scores, the highest being the nearest.
  ///   - body: what to make of an order of all gallery rows.
  /// - Returns: what `body` made, in the order of the queries.
  /// - Complexity: O(Q·N·(D + log N)) time, O(N) memory a lane.
  func map<Value: Sendable>(
    rescoring rescore: @Sendable (_ query: Int, _ scores: inout [Double]) -> Void = { _, _ in },
    _ body: @Sendable (_ query: Int, _ order: [Int]) -> Value
  ) -> [Value] {
    let blocks = (queries.rows + Self.block - 1) / Self.block
    return lanes.map(blocks) { block -> [Value] in
      let members = block * Self.block..<min((block + 1) * Self.block, queries.rows)
      var scores = cosines(members)
      return members.map { query in
        let place = query - members.lowerBound
        rescore(query, &scores[place])
        return body(query, Self.order(scores[place]))
      }
    }.flatMap { $0 }
  }

  /// For each query of a block, its products with all gallery rows.
  private func cosines(_ members: Range<Int>) -> [[Double]] {
    let rows = members.map { DoubleRow(queries, row: $0) }
    var scores = [[Double]](
      repeating: [Double](repeating: 0, count: gallery.rows), count: members.count)
    var other = DoubleRow(width: gallery.columns)
    for row in 0..<gallery.rows {
      other.load(gallery, row: row)
      for place in rows.indices { scores[place][row] = rows[place].product(other) }
    }
    return scores
  }

  /// Rows by falling score; ties to the lowest row.
  static func order(_ scores: [Double]) -> [Int] {
    let pairs = scores.enumerated().map { (row: $0.offset, score: $0.element) }
    return pairs.sorted { ($1.score, $0.row) < ($0.score, $1.row) }.map(\.row)
  }
}
