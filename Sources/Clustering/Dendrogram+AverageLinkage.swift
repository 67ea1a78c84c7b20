public import Tensors

extension Dendrogram {
  /// Clusters rows by exact average linkage on cosine distance.
  ///
  /// Rounds of reciprocal nearest neighbours: average linkage is reducible, so every pair of
  /// clusters that are each other's nearest can merge at once, and the tree is that of one merge at
  /// a time (Murtagh, Computer Journal 1983; Sumengen et al., "Scaling hierarchical agglomerative
  /// clustering to billion-sized datasets", 2021). Only clusters whose neighbour vanished search
  /// anew, because a merge never brings a cluster nearer. Rows that are equal bit for bit merge
  /// first, at height 0.
  ///
  /// - Parameters:
  ///   - rows: N·D, of any length but 0; they are normalised here.
  ///   - lanes: the compute threads; the result does not depend on their number.
  ///   - progress: told the number of clusters left after each round.
  /// - Throws: where rows are zero or not finite.
  /// - Complexity: O(n²·d) time for a bounded number of rounds' worth of searches, O(n·d) memory.
  public init(
    averageLinkageOf rows: Matrix, lanes: LanePool,
    progress: (@Sendable (_ clustersLeft: Int) -> Void)? = nil
  ) throws(ClusteringError) {
    let norms = try Self.norms(rows)
    var joins: [(first: Int, second: Int, height: Double)] = []
    joins.reserveCapacity(max(rows.rows - 1, 0))
    let groups = Self.equalRows(rows, joins: &joins)
    var search = ReciprocalRounds(ClusterSums(rows, groups: groups, norms: norms), lanes: lanes)
    while search.clusterCount > 1 {
      joins.append(contentsOf: search.round())
      progress?(search.clusterCount)
    }
    self.init(count: rows.rows, joins: joins)
  }

  /// The rows' Euclidean lengths.
  private static func norms(_ rows: Matrix) throws(ClusteringError) -> [Double] {
    let norms = (0..<rows.rows).map { row in
      rows.row(row).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let notFinite = norms.indices.filter { !norms[$0].isFinite }
    guard notFinite.isEmpty else {
      throw ClusteringError(reason: "are not finite", rows: notFinite)
    }
    let zero = norms.indices.filter { norms[$0] == 0 }
    guard zero.isEmpty else {
      throw ClusteringError(reason: "are zero, so they have no direction", rows: zero)
    }
    return norms
  }

  /// One row and the size of every group of equal rows; the others are joined to it at height 0.
  private static func equalRows(
    _ rows: Matrix, joins: inout [(first: Int, second: Int, height: Double)]
  ) -> [(row: Int, size: Int)] {
    var groups: [(row: Int, size: Int)] = []
    var found: [ArraySlice<Float>: Int] = [:]
    found.reserveCapacity(rows.rows)
    for row in 0..<rows.rows {
      if let group = found[rows.row(row)] {
        groups[group].size += 1
        joins.append((groups[group].row, row, 0))
      } else {
        found[rows.row(row)] = groups.count
        groups.append((row, 1))
      }
    }
    return groups
  }
}

/// The rounds of a clustering: search the stale clusters' neighbours, merge all reciprocal pairs.
private struct ReciprocalRounds {
  private let sums: ClusterSums
  private let lanes: LanePool
  private var neighbors: [Int]
  private var stale: [Int]

  init(_ sums: ClusterSums, lanes: LanePool) {
    self.sums = sums
    self.lanes = lanes
    neighbors = [Int](repeating: -1, count: sums.count)
    stale = Array(0..<sums.count)
  }

  var clusterCount: Int { sums.count - sums.emptyCount }

  /// One round; it merges at least one pair.
  mutating func round() -> [(first: Int, second: Int, height: Double)] {
    let found = NeighborSearch(sums).nearest(to: stale, lanes: lanes)
    for (place, neighbor) in zip(stale, found) { neighbors[place] = neighbor }
    var pairs = (0..<sums.count).compactMap { place -> (Int, Int)? in
      guard !sums.isEmpty(place) else { return nil }
      let other = neighbors[place]
      return place < other && neighbors[other] == place ? (place, other) : nil
    }
    if pairs.isEmpty { pairs = [nearestPair()] }
    var isMerged = [Bool](repeating: false, count: sums.count)
    let joins = pairs.map { first, second in
      let height = max(0, 1 - sums.similarity(first, second))
      let join = (sums.representatives[first], sums.representatives[second], height)
      sums.merge(first, second)
      isMerged[first] = true
      isMerged[second] = true
      return join
    }
    stale = (0..<sums.count).filter {
      !sums.isEmpty($0) && (isMerged[$0] || isMerged[neighbors[$0]])
    }
    compactIfSparse()
    return joins
  }

  /// The nearest two clusters. Equal similarities can leave a round without a reciprocal pair; the
  /// nearest pair of all may always merge.
  private func nearestPair() -> (Int, Int) {
    var best = (0, 0)
    var nearest = -Double.infinity
    for place in 0..<sums.count where !sums.isEmpty(place) {
      let similarity = sums.similarity(place, neighbors[place])
      if similarity > nearest {
        nearest = similarity
        best = (min(place, neighbors[place]), max(place, neighbors[place]))
      }
    }
    return best
  }

  private mutating func compactIfSparse() {
    guard sums.emptyCount * 8 > sums.count else { return }
    let places = sums.count
    let moved = sums.compact()
    stale = stale.map { moved[$0] }
    var kept = [Int](repeating: -1, count: sums.count)
    for place in 0..<places where moved[place] >= 0 {
      kept[moved[place]] = moved[neighbors[place]]
    }
    neighbors = kept
  }
}
