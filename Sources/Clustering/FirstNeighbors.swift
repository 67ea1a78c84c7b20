internal import Tensors

/// The first neighbour of every row, exact: the row most similar to it by cosine, of equals the one
/// with the lowest index.
///
/// This is what the first round of a linkage by sums knows (`SumLinkage.compareAll`), so ranks, lanes
/// and block sizes decide nothing.
struct FirstNeighbors {
  /// Every row's first neighbour; a single row has itself.
  let neighbors: [Int]

  /// Looks for the first neighbours of rows that have directions.
  ///
  /// A row that equals others has one of them for its first neighbour.
  ///
  /// - Parameter progress: told how far that is, about once a second.
  /// - Throws: what the team throws.
  /// - Complexity: O(N·D) memory, N²·D / 2 multiplications.
  init(
    of space: consuming RowSpace, lanes: LanePool, team: any SearchTeam = Alone(),
    progress: ClusteringProgress.Report? = nil
  ) throws {
    var neighbors = Array(0..<space.rows.rows)
    let firsts = EqualRows(in: copy space, lanes: lanes).firsts
    var joining = SumLinkage(consume space, criterion: .cosine, lanes: lanes, team: team)
    for (row, first) in firsts.enumerated() where first != row {
      neighbors[row] = first
      if neighbors[first] == first { neighbors[first] = row }
    }
    if joining.store.live.count > 1 {
      try joining.compareAll(progress: progress)
      let store = joining.store
      let alone = store.live.filter { store.clusters[Int($0)].size == 1 }
      try joining.refresh(alone)
      for slot in alone {
        let nearest = store.states[Int(slot)].nearest
        neighbors[Int(store.firsts[Int(slot)])] = Int(store.firsts[Int(nearest)])
      }
    }
    self.neighbors = neighbors
  }

  /// The rows connected by links to first neighbours, in either direction.
  ///
  /// Rows with the same first neighbour are connected through it, so these are the components of
  /// FINCH's adjacency (equation 1).
  var components: Partition {
    var sets = DisjointSets(count: neighbors.count)
    for (row, neighbor) in neighbors.enumerated() {
      sets.join(sets.root(of: row), sets.root(of: neighbor))
    }
    return Partition(numbering: neighbors.indices.map { sets.root(of: $0) })
  }
}
