internal import Tensors

/// Joins clusters until one is left: rounds of reciprocal nearest neighbours, and a chain of nearest
/// neighbours where rounds would find too few of them.
///
/// Every round merges at least one pair: of all pairs with the highest similarity, take the cluster
/// with the lowest first row; its nearest, by the rule for ties, has it as its nearest. Rounding may
/// break that for neighbours kept from earlier rounds; then all are looked for anew.
struct AverageLinkage {
  private(set) var log: MergeLog
  private(set) var statistics = JoiningStatistics()

  var store: ClusterStore
  let search: NearestSearch
  private let lanes: LanePool
  /// For every place the place of the union it became part of in this round, or −1.
  private let unions: LaneArray<Int32>

  /// Prepares rows of finite elements, none of them zero.
  init(rows: Matrix, inverseNorms: [Double], lanes: LanePool) {
    log = MergeLog(count: rows.rows)
    store = ClusterStore(rows: rows, inverseNorms: inverseNorms, lanes: lanes, log: &log)
    search = NearestSearch(width: rows.columns, lanes: lanes)
    unions = LaneArray(count: store.count)
    self.lanes = lanes
    statistics.duplicates = rows.rows - store.count
  }

  /// Merges until one cluster is left.
  mutating func run(progress: (@Sendable (Int) -> Void)?) {
    while store.count > 1 {
      let stale = staleClusters()
      let pairs = reciprocalPairs(refreshing: stale)
      if pairs.isEmpty {
        precondition(stale.count < store.count, "no two of \(stale.count) clusters are nearest")
        markAllStale()
        continue
      }
      merge(pairs)
      statistics.rounds += 1
      if roundsAreWasteful(after: pairs.count) {
        followChain(until: max(1, store.count / 2))
        markAllStale()
      }
      progress?(store.count)
    }
  }

  /// Looks for the nearest of some clusters.
  mutating func refresh(_ places: [Int32]) {
    statistics.searches += places.count
    statistics.rechecks += search.refresh(places, in: store)
  }

  /// Merges pairs, no cluster being in two of them.
  mutating func unite(_ pairs: [Pair]) { store.unite(pairs, log: &log) }

  /// Counts a merge that the chain found.
  mutating func noteChainMerge() { statistics.chainMerges += 1 }

  private func staleClusters() -> [Int32] {
    (0..<Int32(store.count)).filter { store.clusters[Int($0)].isStale }
  }

  private func markAllStale() {
    for place in 0..<store.count { store.clusters[place].isStale = true }
  }

  private mutating func reciprocalPairs(refreshing stale: [Int32]) -> [Pair] {
    refresh(stale)
    var pairs: [Pair] = []
    for place in 0..<store.count {
      let cluster = store.clusters[place]
      let other = Int(cluster.nearest)
      if other > place, store.clusters[other].nearest == Int32(place) {
        pairs.append(Pair(kept: place, dropped: other, similarity: cluster.similarity))
      }
    }
    return pairs
  }

  private mutating func merge(_ pairs: [Pair]) {
    for place in 0..<store.count { unions[place] = -1 }
    for pair in pairs {
      unions[pair.kept] = Int32(pair.kept)
      unions[pair.dropped] = Int32(pair.kept)
    }
    unite(pairs)
    followUnions()
    let moves = store.remove(pairs.map(\.dropped).sorted())
    guard !moves.isEmpty else { return }
    for place in 0..<store.count { unions[place] = Int32(place) }
    for move in moves { unions[move.from] = Int32(move.to) }
    for place in 0..<store.count where !store.clusters[place].isStale {
      store.clusters[place].nearest = unions[Int(store.clusters[place].nearest)]
    }
  }

  /// Points clusters whose nearest was merged to the union if it must be the nearest now, and marks
  /// them stale otherwise.
  ///
  /// All others were no more similar than the runner-up, and averages of them are not either.
  private mutating func followUnions() {
    let (store, unions) = (store, unions)
    lanes.eachRange(in: store.count, by: 256) { range in
      for place in range where unions[place] < 0 && !store.clusters[place].isStale {
        let union = unions[Int(store.clusters[place].nearest)]
        guard union >= 0 else { continue }
        let similarity = store.similarity(place, Int(union))
        if similarity > Double(store.clusters[place].runnerUp) {
          store.clusters[place].nearest = union
          store.clusters[place].similarity = similarity
        } else {
          store.clusters[place].isStale = true
        }
      }
    }
  }

  /// Whether the next round costs much for each merge that this one found.
  ///
  /// A link of a chain costs a product with one row, some ten times the price of a row in a block.
  private func roundsAreWasteful(after merges: Int) -> Bool {
    guard store.count > 64 else { return false }
    return staleClusters().count + store.count / 64 > 64 * merges
  }
}
