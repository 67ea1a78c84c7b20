extension SumLinkage {
  /// Merges by the nearest-neighbour chain until `target` clusters are left.
  ///
  /// From any cluster on, the chain goes to the nearest of the last until two are each other's
  /// nearest; what is left of it stays valid after their merge (Murtagh, "A survey of recent
  /// advances in hierarchical clustering algorithms", 1983).
  ///
  /// Every rank does all of it alike, and shows the others now and then that it is alive.
  ///
  /// - Complexity: O(count²·D), whatever the data.
  mutating func followChain(until target: Int, progress: ClusteringProgress.Report? = nil) throws {
    var chain: [Int32] = []
    while store.live.count > target {
      let last = chain.last ?? store.live[0]
      if chain.isEmpty { chain.append(last) }
      if store.isStale(last) { refresh(last) }
      let state = store.states[Int(last)]
      if let previous = chain.dropLast().last {
        let similarity = store.similarity(Int(previous), Int(last))
        if similarity >= state.similarity {
          chain.removeLast(2)
          let (kept, dropped) = (Int(min(previous, last)), Int(max(previous, last)))
          unite([Pair(kept: kept, dropped: dropped, similarity: similarity)])
          statistics.chainMerges += 1
          if store.live.count % 256 == 0 {
            progress?(.joining(left: store.live.count))
            if team.size > 1 { _ = try team.gather([Int32]()) }
          }
          continue
        }
      }
      // Similarities rise along a chain, so only a rounding error can lead back into it. Neighbours
      // found at different times led there, so they are all determined anew: at one time, ties go
      // to the lowest slot, and no chain leads back.
      if let back = chain.firstIndex(of: state.nearest) {
        for slot in chain[back...] { store.states[Int(slot)].nearest = -1 }
        chain.removeSubrange(back...)
      }
      chain.append(state.nearest)
    }
  }
}
