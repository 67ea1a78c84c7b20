/// A gallery row near a query.
public struct Neighbor: Sendable, Equatable {
  /// The gallery row.
  public let index: Int
  /// The cosine of query and row.
  public let similarity: Float

  /// Pairs a gallery row with its cosine.
  public init(index: Int, similarity: Float) {
    self.index = index
    self.similarity = similarity
  }
}
