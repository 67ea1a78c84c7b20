internal import Tensors

/// The first neighbour of every row, exact: the row most similar to it by cosine, of equals the one
/// with the lowest index.
///
/// Products are blocked and in single precision, and candidates within their rounding error are
/// ranked in double precision (`NearestSearch`), so lanes and block sizes decide nothing.
struct FirstNeighbors {
  /// Every row's first neighbour; a single row has itself.
  let neighbors: [Int]

  /// Looks for the first neighbours of rows that have directions.
  ///
  /// A row that equals others has one of them for its first neighbour.
  ///
  /// - Parameter inverseNorms: one over the length of each row.
  /// - Complexity: O(N·D) memory, N²·D multiplications.
  init(of rows: Matrix, inverseNorms: [Double], lanes: LanePool) {
    var log = MergeLog(count: rows.rows)
    let store = ClusterStore(rows: rows, inverseNorms: inverseNorms, lanes: lanes, log: &log)
    var neighbors = Array(0..<rows.rows)
    for (row, first) in EqualRows(in: rows, lanes: lanes).firsts.enumerated() where first != row {
      neighbors[row] = first
      if neighbors[first] == first { neighbors[first] = row }
    }
    let alone = (0..<Int32(store.count)).filter { store.clusters[Int($0)].size == 1 }
    if store.count > 1 {
      _ = NearestSearch(width: rows.columns, lanes: lanes).refresh(alone, in: store)
      for place in alone {
        let cluster = store.clusters[Int(place)]
        neighbors[Int(cluster.first)] = Int(store.clusters[Int(cluster.nearest)].first)
      }
    }
    self.neighbors = neighbors
  }

  /// The rows connected by links to first neighbours, in either direction.
  ///
  /// Rows with the same first neighbour are connected through it, so these are the components of
  /// FINCH's adjacency (equation 1).
  var components: Partition {
    var parents = Array(neighbors.indices)
    func root(of row: Int) -> Int {
      var row = row
      while parents[row] != row {
        parents[row] = parents[parents[row]]
        row = parents[row]
      }
      return row
    }
    for (row, neighbor) in neighbors.enumerated() {
      let (one, other) = (root(of: row), root(of: neighbor))
      parents[max(one, other)] = min(one, other)
    }
    return Partition(numbering: neighbors.indices.map { root(of: $0) })
  }
}
