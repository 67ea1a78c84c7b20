internal import Tensors

/// Unit rows in blocks of a fixed size, and how much each row counts.
///
/// Work is handed out by block, so that the same products are made on any number of lanes and ranks.
struct WeightedRows {
  /// The rows of a block; the last one may have fewer.
  static let blockSize = 256

  /// N.
  let count: Int
  /// D.
  let width: Int
  /// The rows, in order.
  let blocks: [Matrix]
  /// One weight a row.
  let weights: [Double]

  /// - Throws: `ClusteringError` naming all rows that are zero, or NaN or infinite.
  init(_ rows: Matrix, weights: [Double]?) throws(ClusteringError) {
    precondition(
      weights.map { $0.count == rows.rows && $0.allSatisfy { $0 > 0 && $0.isFinite } } ?? true,
      "\(weights?.count ?? 0) weights for \(rows.rows) rows, or not all above 0")
    _ = try RowSpace(rows, metric: .cosine)
    count = rows.rows
    width = rows.columns
    blocks = stride(from: 0, to: rows.rows, by: Self.blockSize).map { start in
      rows.rows(start..<min(start + Self.blockSize, rows.rows)).unitRows()
    }
    self.weights = weights ?? [Double](repeating: 1, count: rows.rows)
  }

  /// The rows at `indices`, in that order.
  func rows(_ indices: [Int]) -> Matrix {
    var values: [Float] = []
    values.reserveCapacity(indices.count * width)
    for index in indices { values += row(index) }
    return Matrix(rows: indices.count, columns: width, values: values)
  }

  /// One unit row.
  func row(_ index: Int) -> ArraySlice<Float> {
    blocks[index / Self.blockSize].row(index % Self.blockSize)
  }

  /// The places of a block's rows.
  func places(of block: Int) -> Range<Int> {
    block * Self.blockSize..<block * Self.blockSize + blocks[block].rows
  }

  // MARK: - Ranks

  /// The blocks that this rank of a team works on: as many as any other's, but for one.
  func share(of team: any SearchTeam) -> Range<Int> {
    blocks.count * team.rank / team.size..<blocks.count * (team.rank + 1) / team.size
  }

  /// Tells the other ranks what this one found for each row of its blocks, and learns what they did.
  func exchange<Value: BitwiseCopyable & Sendable>(
    _ found: LaneArray<Value>, with team: any SearchTeam
  ) throws {
    guard team.size > 1 else { return }
    let mine = share(of: team).flatMap { places(of: $0) }
    for (row, value) in try team.gather(mine.map { found[$0] }).enumerated() { found[row] = value }
  }
}
