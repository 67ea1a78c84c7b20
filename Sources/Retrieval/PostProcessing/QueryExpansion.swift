public import Tensors

/// Average query expansion: a query becomes the mean of itself and of its nearest gallery rows, and
/// asks again (Chum et al., "Total recall", ICCV 2007, section 4.1).
public enum QueryExpansion {
  /// How many gallery rows join a query.
  public static let depth = 5

  /// The expanded queries, of unit length.
  ///
  /// - Parameters:
  ///   - queries: Q·D unit rows.
  ///   - gallery: N·D unit rows.
  public static func expand(_ queries: Matrix, in gallery: Matrix, lanes: LanePool) -> Matrix {
    var result = queries
    let nearest = NearestNeighbors.search(depth, for: queries, in: gallery, lanes: lanes)
    for (query, neighbors) in nearest.enumerated() {
      var sums = queries.row(query).map(Double.init)
      for neighbor in neighbors {
        for (column, value) in gallery.row(neighbor.index).enumerated() {
          sums[column] += Double(value)
        }
      }
      for column in sums.indices {
        result[query, column] = Float(sums[column] / Double(neighbors.count + 1))
      }
    }
    return result.unitRows()
  }
}
