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
  func introduce(_ union: Int32, insteadOf ended: Int32, in means: SlotMeans) {
    means.write(union, of: self)
    let (live, bounds) = (live, means.bounds)
    // Few clusters are not worth waking a lane for.
    lanes.eachRange(in: live.count, by: max(1024, live.count / (4 * lanes.count))) { range in
      means.compare(union, with: live[range], in: self)
      for index in range where live[index] != union {
        note(union, insteadOf: ended, bounds[index], at: Int(live[index]))
      }
    }
    let list = list(of: Int(union))
    list.clear()
    for (index, slot) in live.enumerated() where slot != union && bounds[index] >= list.bound {
      list.offer(bounds[index], slot)
    }
    states[Int(union)] = SearchState(listedAt: level, bound: list.bound)
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
