/// Embeddings keyed by the ids of their samples; row i belongs to id i.
public struct EmbeddingTable: Sendable, Equatable {
  /// The samples' ids; each occurs once.
  public let ids: [String]
  /// One embedding a row, N·D.
  public let rows: Matrix

  /// Creates a table from as many ids as rows.
  public init(ids: [String], rows: Matrix) {
    precondition(ids.count == rows.rows, "\(ids.count) ids for \(rows.rows) rows")
    self.ids = ids
    self.rows = rows
  }
}
