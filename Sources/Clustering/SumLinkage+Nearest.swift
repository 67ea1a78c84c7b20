extension SumLinkage {
  /// Merges the nearest pair of all, again and again, until one cluster is left.
  ///
  /// This is the greedy order itself. Every cluster knows its nearest, or a bound from above on its
  /// highest similarity; a new cluster is compared with all others, as it may be nearer to them than
  /// its parts were, and takes their places in the lists. Clusters that stay do not change, so bounds
  /// do not age. Where similarities tie, the pair with the lowest slot is merged, then that with the
  /// lowest other slot.
  ///
  /// - Complexity: O(N²·D) for comparing, and O(N·D) for every search. Data that rounding or ties keep
  ///   lists from telling apart may need O(N²) searches.
  mutating func mergeNearest(progress: ClusteringProgress.Report?) throws {
    let means = SlotMeans(of: store)
    var known = KnownNeighbors(unknown: store.live)
    while store.live.count > 1 {
      let pair = try nearestPair(&known)
      unite([pair])
      known = store.introduce(Int32(pair.kept), insteadOf: Int32(pair.dropped), in: means)
      statistics.rounds += 1
      let left = store.live.count
      if left % 64 == 0 || left == 1 { progress?(.joining(left: left)) }
    }
  }

  /// The most similar pair, found once no cluster of unknown nearest may belong to a better one.
  private mutating func nearestPair(_ known: inout KnownNeighbors) throws -> Pair {
    while true {
      let doubtful = known.takeDoubtful { store.highest(of: $0) >= $1 }
      guard !doubtful.isEmpty else {
        let best = known.best
        let (kept, dropped) = (Int(best.slot), Int(store.states[Int(best.slot)].nearest))
        precondition(kept < dropped, "\(kept) is nearest to \(dropped), which is nearer to others")
        return Pair(kept: kept, dropped: dropped, similarity: best.similarity)
      }
      try refresh(doubtful)
      for slot in doubtful { known.note(slot, store.states[Int(slot)].similarity) }
    }
  }
}
