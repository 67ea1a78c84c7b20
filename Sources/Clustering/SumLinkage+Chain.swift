extension SumLinkage {
  /// Merges by the nearest-neighbour chain until `target` clusters are left.
  ///
  /// From any cluster on, the chain goes to the nearest of the last until two are each other's
  /// nearest; what is left of it stays valid after their merge (Murtagh, "A survey of recent
  /// advances in hierarchical clustering algorithms", 1983).
  ///
  /// - Complexity: O(count²·D), whatever the data.
  mutating func followChain(until target: Int, progress: (@Sendable (Int) -> Void)? = nil) {
    var chain: [Int32] = []
    while store.live.count > target {
      let last = chain.last ?? store.live[0]
      if chain.isEmpty { chain.append(last) }
      if store.isStale(last) { refresh(last) }
      let cluster = store.clusters[Int(last)]
      if let previous = chain.dropLast().last {
        let similarity = store.similarity(Int(previous), Int(last))
        if similarity >= cluster.similarity {
          chain.removeLast(2)
          let (kept, dropped) = (Int(min(previous, last)), Int(max(previous, last)))
          unite([Pair(kept: kept, dropped: dropped, similarity: similarity)])
          statistics.chainMerges += 1
          if store.live.count % 1024 == 0 { progress?(store.live.count) }
          continue
        }
      }
      // Similarities rise along a chain, so only a rounding error can lead back into it.
      if let back = chain.firstIndex(of: cluster.nearest) { chain.removeSubrange(back...) }
      chain.append(cluster.nearest)
    }
  }
}
