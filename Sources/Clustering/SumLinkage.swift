internal import CPanels
internal import Tensors

/// Joins clusters until one is left: rounds of reciprocal nearest neighbours, and a chain of nearest
/// neighbours where rounds would find too few of them.
///
/// Where unions may be nearer than their parts, the nearest pair of all, again and again.
///
/// Every round merges at least one pair: of all pairs with the highest similarity, take the lowest
/// slot; its nearest, by the rule for ties, has it as its nearest. Rounding may break that for
/// neighbours kept from earlier rounds; then all are determined anew.
struct SumLinkage {
  private(set) var log: MergeLog
  var statistics = JoiningStatistics()

  var store: ClusterStore
  var search: NearestSearch
  let team: any SearchTeam
  let lanes: LanePool

  /// Prepares rows, whose copies are merged at once.
  init(
    _ space: consuming RowSpace, criterion: Criterion, lanes: LanePool,
    team: any SearchTeam = Alone()
  ) {
    let count = space.rows.rows
    log = MergeLog(count: count, isReducible: criterion.isReducible)
    store = ClusterStore(consume space, criterion: criterion, lanes: lanes, log: &log)
    search = NearestSearch(width: store.width, lanes: lanes)
    self.lanes = lanes
    self.team = team
    statistics.duplicates = count - store.live.count
  }

  /// What is kept for each row besides it, in bytes, with room to spare.
  private static let bytesOfRow = 260

  /// Whether what clustering takes besides the rows given fits in memory.
  ///
  /// - Parameters:
  ///   - copied: the bytes of an element that are copied: none where rows are taken over.
  ///   - keepsMeans: whether means are kept, as where the nearest pair is merged.
  ///   - limit: in bytes; what this process can still get, if nil.
  static func checkMemory(
    rows count: Int, width: Int, copied: Int, keepsMeans: Bool, limit: Int?
  ) throws(ClusteringError) {
    let limit = limit ?? AvailableMemory.bytes
    let bytesOfElement = copied + (keepsMeans ? 4 : 0)
    let needed = count * (bytesOfElement * width + bytesOfRow)
    guard needed <= limit else {
      throw ClusteringError(
        fault: .memoryOfRows(needed: needed, limit: limit), rows: [], count: count)
    }
  }

  /// Merges until one cluster is left.
  mutating func run(progress: ClusteringProgress.Report?) throws {
    try compareAll(progress: progress)
    guard store.criterion.isReducible else { return try mergeNearest(progress: progress) }
    while store.live.count > 1 {
      let before = statistics.searches
      try refresh(store.live.filter { store.isStale($0) })
      var pairs = reciprocalPairs()
      if pairs.isEmpty {
        try refresh(store.live)
        pairs = reciprocalPairs()
        precondition(!pairs.isEmpty, "no two of \(store.live.count) clusters are nearest")
      }
      unite(pairs)
      statistics.rounds += 1
      if roundsAreWasteful(merges: pairs.count, searches: statistics.searches - before) {
        try followChain(until: max(1, store.live.count / 2), progress: progress)
      }
      progress?(.joining(left: store.live.count))
    }
  }

  /// Merges pairs, no cluster being in two of them.
  mutating func unite(_ pairs: [Pair]) { store.unite(pairs, log: &log) }

  /// Determines the nearest of one cluster, on every rank alike.
  mutating func refresh(_ slot: Int32) {
    if store.findNearest(of: slot) { return }
    statistics.searches += 1
    if !store.states[Int(slot)].isExact {
      search.search([slot], in: store)
      store.noteSearch(of: slot)
      if store.findNearest(of: slot) { return }
    }
    search.searchExactly([slot], in: store)
    statistics.exactSearches += 1
  }

  // MARK: - Rounds

  /// What a rank found out about one cluster.
  private struct Finding: BitwiseCopyable, Sendable {
    let slot: Int32
    let effort: JoiningStatistics.Effort
    let state: SearchState
    let list: cpanels_list
  }

  /// Determines the nearest of some clusters, so many at a time that findings take little memory.
  mutating func refresh(_ slots: [Int32]) throws {
    for first in stride(from: 0, to: slots.count, by: 1 << 16) {
      try refresh(slots[first..<min(first + (1 << 16), slots.count)])
    }
  }

  /// Determines the nearest of some clusters, each on the rank whose turn it is.
  private mutating func refresh(_ slots: ArraySlice<Int32>) throws {
    let (rank, size) = (team.rank, team.size)
    let mine = slots.indices.filter { $0 % size == rank }.map { slots[$0] }
    statistics.note(try exchange(mine, determine(mine)))
  }

  /// Determines the nearest of some clusters on this rank, and says what it took for each.
  func determine(_ mine: [Int32]) -> [JoiningStatistics.Effort] {
    let store = store
    let efforts = LaneArray<JoiningStatistics.Effort>(count: mine.count)
    lanes.eachRange(in: mine.count, by: 16) { range in
      for index in range {
        let slot = mine[index]
        let isKnown = store.findNearest(of: slot)
        efforts[index] = isKnown ? .list : store.states[Int(slot)].isExact ? .doubles : .search
      }
    }
    let unknown = mine.indices.filter { efforts[$0] == .search }
    search.search(unknown.map { mine[$0] }, in: store)
    lanes.eachRange(in: unknown.count, by: 16) { range in
      for index in unknown[range] {
        store.noteSearch(of: mine[index])
        if !store.findNearest(of: mine[index]) { efforts[index] = .doubles }
      }
    }
    search.searchExactly(
      mine.indices.filter { efforts[$0] == .doubles }.map { mine[$0] }, in: store)
    return mine.indices.map { efforts[$0] }
  }

  /// Tells the other ranks what this one found, and learns what they did.
  func exchange(
    _ mine: [Int32], _ efforts: [JoiningStatistics.Effort]
  ) throws -> [JoiningStatistics.Effort] {
    if team.size == 1 { return efforts }
    let findings = zip(mine, efforts).map { slot, effort in
      Finding(
        slot: slot, effort: effort, state: store.states[Int(slot)],
        list: store.listValue(of: Int(slot)))
    }
    return try team.gather(findings).map { finding in
      store.states[Int(finding.slot)] = finding.state
      store.setList(of: Int(finding.slot), finding.list)
      return finding.effort
    }
  }

  private func reciprocalPairs() -> [Pair] {
    var pairs: [Pair] = []
    for slot in store.live {
      let state = store.states[Int(slot)]
      let other = state.nearest
      if other > slot, store.states[Int(other)].nearest == slot {
        pairs.append(
          Pair(kept: Int(slot), dropped: Int(other), similarity: state.similarity))
      }
    }
    return pairs
  }

  /// Whether the next round costs much for each merge that this one found.
  ///
  /// A link of a chain costs a search for one row, some thirty times the price of a row in a block.
  private func roundsAreWasteful(merges: Int, searches: Int) -> Bool {
    store.live.count > 64 && searches + store.live.count / 64 > 64 * merges
  }
}
