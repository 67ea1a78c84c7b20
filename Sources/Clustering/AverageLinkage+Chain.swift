extension AverageLinkage {
  /// Merges by the nearest-neighbour chain until `target` clusters are left.
  ///
  /// From any cluster on, the chain goes to the nearest of the last until two are each other's
  /// nearest; what is left of it stays valid after their merge (Murtagh, "A survey of recent
  /// advances in hierarchical clustering algorithms", 1983). Neighbours noted in the clusters are
  /// void afterwards.
  ///
  /// - Complexity: O(count²·D), whatever the data.
  mutating func followChain(until target: Int) {
    var chain: [Int] = []
    while store.count > target {
      let last = chain.last ?? 0
      if chain.isEmpty { chain.append(last) }
      refresh([Int32(last)])
      let cluster = store.clusters[last]
      if let previous = chain.dropLast().last {
        let similarity = store.similarity(previous, last)
        if similarity >= cluster.similarity {
          chain.removeLast(2)
          join(min(previous, last), max(previous, last), similarity, &chain)
          continue
        }
      }
      // Similarities rise along a chain, so only a rounding error can lead back into it.
      let next = Int(cluster.nearest)
      if let back = chain.firstIndex(of: next) {
        chain.removeSubrange(back...)
      }
      chain.append(next)
    }
  }

  private mutating func join(
    _ kept: Int, _ dropped: Int, _ similarity: Double, _ chain: inout [Int]
  ) {
    unite([Pair(kept: kept, dropped: dropped, similarity: similarity)])
    noteChainMerge()
    for move in store.remove([dropped]) {
      if let index = chain.firstIndex(of: move.from) { chain[index] = move.to }
    }
  }
}
