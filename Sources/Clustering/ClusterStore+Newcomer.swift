internal import Tensors

extension ClusterStore {
  /// A bound from above on a cluster's highest similarity.
  func highest(of slot: Int32) -> Double {
    Double(max(list(of: Int(slot)).value(0), states[Int(slot)].bound))
  }

  /// Compares a new cluster with all others, and puts it in the place of its two parts in their lists.
  ///
  /// It gets a list as fresh as from a search. Whose nearest was one of the parts, or may not be
  /// nearer than the new cluster, has no known nearest any more.
  ///
  /// - Parameters:
  ///   - union: the new cluster, which has the slot of one part.
  ///   - ended: the slot of the other.
  ///   - means: of all clusters that are left.
  /// - Returns: what all of them know then.
  func introduce(
    _ union: Int32, insteadOf ended: Int32, in means: SlotMeans
  ) -> KnownNeighbors {
    means.write(union, of: self)
    let (live, bounds) = (live, means.bounds)
    // One share for each lane, mostly the one that it had before, whose means are in its cache; few
    // clusters are not worth waking a lane for.
    let size = max(1024, (live.count + lanes.count - 1) / lanes.count)
    let parts = LaneArray<KnownNeighbors.Part>(count: (live.count + size - 1) / size)
    lanes.eachRange(in: live.count, by: size) { range in
      means.compare(union, with: live[range], in: self)
      var part = KnownNeighbors.Part(start: range.lowerBound)
      for index in range where live[index] != union {
        let slot = live[index]
        note(union, insteadOf: ended, bounds[index], at: Int(slot))
        part.note(slot, states[Int(slot)], unknown: means.unknown)
      }
      parts[range.lowerBound / size] = part
    }
    let list = list(of: Int(union))
    list.clear()
    for (index, slot) in live.enumerated() where slot != union && bounds[index] >= list.bound {
      list.offer(bounds[index], slot)
    }
    states[Int(union)] = SearchState(listedAt: level, bound: list.bound)
    return KnownNeighbors((0..<parts.count).map { parts[$0] }, means.unknown, and: union)
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
