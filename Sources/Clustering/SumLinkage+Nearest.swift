internal import CPanels

extension SumLinkage {
  /// Merges the nearest pair of all, again and again, until one cluster is left.
  ///
  /// This is the greedy order itself. Every cluster knows its nearest, or a bound from above on its
  /// highest similarity; a new cluster is compared with all others, as it may be nearer to them than
  /// its parts were, and takes their places in the lists. Clusters that stay do not change, so bounds
  /// do not age. Where similarities tie, the pair with the lowest slot is merged, then that with the
  /// lowest other slot.
  ///
  /// - Parameters:
  ///   - elements: how many floats of means and lists are worth to be shared by the ranks of the team; of fewer,
  ///     each rank compares all sooner than it hears of the others.
  ///   - progress: told of the clusters that are left.
  /// - Complexity: O(N²·D) for comparing, and O(N·D) for every search. Data that rounding or ties keep
  ///   lists from telling apart may need O(N²) searches.
  mutating func mergeNearest(
    sharedFrom elements: Int = 1 << 19, progress: ClusteringProgress.Report?
  ) throws {
    let least = elements / (store.width + MemoryLayout<cpanels_list>.size / 4)
    if team.size > 1, store.live.count > least {
      let before = statistics
      try mergeNearest(by: team, until: least, progress: progress)
      try tellAll(since: before)
    }
    try mergeNearest(by: Alone(), until: 1, progress: progress)
  }

  /// Merges until `target` clusters are left.
  ///
  /// Each rank of a team keeps what its share of the clusters know, and tells the others of its best pair; all
  /// merge the best of these.
  private mutating func mergeNearest(
    by team: any SearchTeam, until target: Int, progress: ClusteringProgress.Report?
  ) throws {
    var mine = store.live.filter { team.keeps($0) }
    let means = SlotMeans(of: mine, in: store)
    var known = KnownNeighbors(of: mine, in: store)
    var newest: Int32?
    while store.live.count > 1 {
      let pair = try nearestPair(&known, newest: newest, by: team)
      guard store.live.count > target else { return }
      unite([pair])
      let (kept, dropped) = (Int32(pair.kept), Int32(pair.dropped))
      if team.keeps(dropped), let place = mine.firstIndex(of: dropped) { mine.remove(at: place) }
      known = store.introduce(kept, insteadOf: dropped, to: mine, in: means)
      newest = kept
      statistics.rounds += 1
      let left = store.live.count
      // Who merges alone shows the others now and then that it is alive.
      if team.size < self.team.size, left % 256 == 0 { _ = try self.team.gather([Int32]()) }
      if left % 64 == 0 || left == 1 { progress?(.joining(left: left)) }
    }
  }

  /// How many clusters a rank determines the nearest of before it tells the others what it found.
  private static let doubtsAtOnce = 1 << 12

  /// What a rank tells the others of the clusters that it keeps.
  private struct Summary: BitwiseCopyable, Sendable {
    /// The best pair that it knows of.
    let best: KnownNeighbors.Best
    /// A bound on the similarity of all pairs that it does not know of.
    let ceiling: Float
    /// Those of its clusters that are most similar to the newest one.
    let list: cpanels_list
  }

  /// The most similar pair, found once no cluster of unknown nearest may belong to a better one.
  ///
  /// - Parameter newest: the cluster whose list has only this rank's clusters yet, if there is one.
  private mutating func nearestPair(
    _ known: inout KnownNeighbors, newest: Int32?, by team: any SearchTeam
  ) throws -> Pair {
    var newest = newest
    while true {
      let summaries = try team.gather([
        Summary(
          best: known.best, ceiling: known.ceiling,
          list: newest.map { store.listValue(of: Int($0)) } ?? cpanels_list())
      ])
      var (best, ceiling) = (KnownNeighbors.Best(), -Float.infinity)
      for summary in summaries {
        best.note(summary.best)
        ceiling = max(ceiling, summary.ceiling)
      }
      if let slot = newest.take() {
        store.fillList(of: slot, with: summaries.map(\.list))
        let highest = store.highest(of: slot)
        ceiling = max(ceiling, highest)
        if team.keeps(slot) { known.doubt(slot, highest) }
      }
      guard Double(ceiling) >= best.similarity else {
        let (kept, dropped) = (Int(best.slot), Int(best.nearest))
        precondition(kept < dropped, "\(kept) is nearest to \(dropped), which is nearer to others")
        return Pair(kept: kept, dropped: dropped, similarity: best.similarity)
      }
      let doubtful = known.takeDoubtful(beside: best, atMost: Self.doubtsAtOnce)
      statistics.note(determine(doubtful))
      for slot in doubtful { known.note(slot, store.states[Int(slot)]) }
    }
  }

  /// Tells all ranks what each one's clusters know, and counts the searches of all.
  private mutating func tellAll(since before: JoiningStatistics) throws {
    let mine = store.live.filter { team.keeps($0) }
    _ = try exchange(mine, mine.map { _ in .list })
    let counts = try team.gather([
      statistics.searches - before.searches, statistics.exactSearches - before.exactSearches,
    ])
    let pairs = stride(from: 0, to: counts.count, by: 2)
    statistics.searches = pairs.reduce(before.searches) { $0 + counts[$1] }
    statistics.exactSearches = pairs.reduce(before.exactSearches) { $0 + counts[$1 + 1] }
  }
}
