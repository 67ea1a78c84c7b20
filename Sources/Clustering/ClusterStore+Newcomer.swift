internal import CPanels
internal import Tensors

extension ClusterStore {
  /// A bound from above on a cluster's highest similarity.
  func highest(of slot: Int32) -> Float {
    max(list(of: Int(slot)).value(0), states[Int(slot)].bound)
  }

  /// Compares a new cluster with others, and puts it in the place of its two parts in their lists.
  ///
  /// Its own list then has those of them that are most similar to it. Whose nearest was one of the parts, or
  /// may not be nearer than the new cluster, has no known nearest any more.
  ///
  /// - Parameters:
  ///   - union: the new cluster, which has the slot of one part.
  ///   - ended: the slot of the other.
  ///   - others: of the clusters that are left; the new one may be among them.
  ///   - means: theirs.
  /// - Returns: what they know then.
  func introduce(
    _ union: Int32, insteadOf ended: Int32, to others: [Int32], in means: SlotMeans
  ) -> KnownNeighbors {
    means.write(union, of: self)
    let bounds = means.bounds
    // One share for each lane, mostly the one that it had before, whose means are in its cache; few
    // clusters are not worth waking a lane for.
    let size = max(1024, (others.count + lanes.count - 1) / lanes.count)
    let parts = LaneArray<KnownNeighbors.Part>(count: (others.count + size - 1) / size)
    lanes.eachRange(in: others.count, by: size) { range in
      means.compare(union, with: others[range], in: self)
      var part = KnownNeighbors.Part(start: range.lowerBound)
      for index in range where others[index] != union {
        let slot = others[index]
        note(union, insteadOf: ended, bounds[index], at: Int(slot))
        part.note(slot, in: self, doubts: means.doubts)
      }
      parts[range.lowerBound / size] = part
    }
    let list = list(of: Int(union))
    list.clear()
    for (index, slot) in others.enumerated() where slot != union && bounds[index] >= list.bound {
      list.offer(bounds[index], slot)
    }
    return KnownNeighbors((0..<parts.count).map { parts[$0] }, means.doubts)
  }

  /// Gives a new cluster a list as fresh as from a search: the most similar of those in some lists, which
  /// have all clusters between them, or bound what they have no room for.
  func fillList(of union: Int32, with lists: [cpanels_list]) {
    list(of: Int(union)).clear()
    for list in lists { offer(list, to: Int(union)) }
    states[Int(union)] = SearchState()
    noteSearch(of: union)
  }

  private func note(_ union: Int32, insteadOf ended: Int32, _ value: Float, at slot: Int) {
    let left = list(of: slot).replace(ended, by: union, value)
    if left > states[slot].bound { states[slot].bound = left }
    let nearest = states[slot].nearest
    if nearest == union || nearest == ended || Double(value) >= states[slot].similarity {
      states[slot].nearest = -1
    }
  }
}
