extension ClusterStore {
  /// Determines a cluster's nearest from its list, in double precision; of equals the lowest slot.
  ///
  /// Listed values are bounds, so candidates are compared until the next one's bound lies below the
  /// best; the best is the nearest if it exceeds the bound on all clusters that are not listed.
  ///
  /// - Returns: whether the list sufficed; if not, a search has to fill it anew.
  func findNearest(of slot: Int32) -> Bool {
    var state = states[Int(slot)]
    let list = list(of: Int(slot))
    let slack = slack(since: state.listedAt)
    var compared = Compared()
    var place = 0
    while place < Shortlist.capacity, list.slot(place) >= 0 {
      if Double(list.value(place)) + slack < compared.best { break }
      let union = union(of: list.slot(place))
      place += 1
      if union == slot || compared.contains(union) { continue }
      compared.note(union, similarity(Int(slot), Int(union)))
    }
    rewrite(list, compared, keepingFrom: place)
    guard compared.count > 0, compared.best > Double(state.bound) + slack else { return false }
    state.nearest = compared.nearest
    state.nearestAt = level
    state.similarity = compared.best
    states[Int(slot)] = state
    return true
  }

  /// Notes that a cluster's list is fresh from a search.
  func noteSearch(of slot: Int32) {
    states[Int(slot)].bound = list(of: Int(slot)).bound
    states[Int(slot)].listedAt = level
  }

  /// Begins an exact search for a cluster: its list is empty, its nearest unknown.
  func clearNearest(of slot: Int32) {
    list(of: Int(slot)).clear()
    states[Int(slot)] = SearchState(nearestAt: level, isExact: true)
  }

  /// Compares a cluster with others in double precision, and takes note of those that are near; of equals
  /// the one that was compared first is the nearest.
  ///
  /// - Parameter columns: a bit for every place of the panel that has one of the others.
  func compareExactly(_ slot: Int32, with panel: PackedMeans, columns: UInt32) {
    let list = list(of: Int(slot))
    var state = states[Int(slot)]
    panel.eachSimilarity(to: slot, of: self, columns: columns) { other, similarity in
      let value = Float(above: similarity)
      if value >= list.bound { list.offer(value, other) }
      if similarity > state.similarity { (state.similarity, state.nearest) = (similarity, other) }
    }
    states[Int(slot)] = state
  }

  /// Replaces the compared candidates' bounds by their similarities.
  private func rewrite(_ list: Shortlist, _ compared: Compared, keepingFrom place: Int) {
    var rest = Compared()
    for place in place..<max(place, Shortlist.capacity) where list.slot(place) >= 0 {
      let union = union(of: list.slot(place))
      if !compared.contains(union) && !rest.contains(union) {
        rest.note(union, Double(list.value(place)))
      }
    }
    list.clear()
    for index in 0..<compared.count {
      list.offer(Float(above: compared.values[index]), compared.slots[index])
    }
    for index in 0..<rest.count { list.offer(Float(rest.values[index]), rest.slots[index]) }
  }

  /// At most a list's worth of clusters with numbers.
  private struct Compared {
    var slots = InlineArray<16, Int32>(repeating: -1)
    var values = InlineArray<16, Double>(repeating: 0)
    var count = 0
    var best = -Double.infinity
    var nearest: Int32 = -1

    func contains(_ slot: Int32) -> Bool {
      for index in 0..<count where slots[index] == slot { return true }
      return false
    }

    mutating func note(_ slot: Int32, _ value: Double) {
      slots[count] = slot
      values[count] = value
      count += 1
      if value > best || value == best && slot < nearest {
        best = value
        nearest = slot
      }
    }
  }
}
