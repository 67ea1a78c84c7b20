// `unsafe` is sound here because panels, squares and values have a place for every position, and a
// lane writes the values of its own panels and the lists of the clusters that stand in them.
internal import CPanels
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
  ///   - values: scratch, one place a position.
  func introduce(_ union: Int32, insteadOf ended: Int32, _ values: LaneArray<Float>) {
    let columns = CPANELS_COLUMNS
    let panels = (live.count + columns - 1) / columns
    let own = Int(clusters[Int(union)].position)
    let slack = criterion.productSlack(width: width)
    // Few clusters are not worth waking a lane for.
    lanes.eachRange(in: panels, by: max(32, panels / (4 * lanes.count))) { range in
      unsafe cpanels_compare_one(
        self.panels.base, Int64(width), squares.base, Int64(own), slack, Int64(range.lowerBound),
        Int64(range.upperBound), values.base)
      for position in range.lowerBound * columns..<min(range.upperBound * columns, live.count)
      where position != own {
        note(union, insteadOf: ended, values[position], at: Int(slots[position]))
      }
    }
    let list = list(of: Int(union))
    list.clear()
    for position in 0..<live.count where position != own && values[position] >= list.bound {
      list.offer(values[position], slots[position])
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
