// `unsafe` is sound here because a vector points to D elements of storage that this store owns, and
// is used only while the store is.
internal import CPanels
internal import Tensors

extension ClusterStore {
  /// The similarity of two clusters in double precision, the same bits in both orders.
  func similarity(_ one: Int, _ other: Int) -> Double {
    let (x, y) = unsafe (mean(of: one), mean(of: other))
    let total =
      unsafe criterion.isDistance
      ? cpanels_distance(x, y, Int64(width)) : cpanels_product(x, y, Int64(width))
    return criterion.similarity(total, clusters[one].size, clusters[other].size)
  }

  /// The mean of a cluster's rows; for the median its middle.
  func mean(of slot: Int) -> cpanels_vector {
    let parts = criterion == .median ? 2 : Double(clusters[slot].size)
    return unsafe vector(of: slot, sumFactor: 1 / parts, rowFactor: 1)
  }

  /// The sum of a cluster's rows, or what makes the sum of a union: for the median its middle.
  func sum(of slot: Int) -> cpanels_vector {
    unsafe criterion == .median
      ? mean(of: slot)
      : vector(of: slot, sumFactor: 1, rowFactor: Double(clusters[slot].size))
  }

  @inline(__always)
  private func vector(of slot: Int, sumFactor: Double, rowFactor: Double) -> cpanels_vector {
    let low = Int(clusters[slot].low)
    let place = unsafe rows.base + slot * width
    guard low >= 0 else {
      if let lows {
        return unsafe cpanels_vector(
          row: nil, centre: nil, high: place, low: lows.base + slot * width,
          factor: factors[slot] * rowFactor)
      }
      return unsafe cpanels_vector(
        row: place, centre: centre.base, high: nil, low: nil, factor: factors[slot] * rowFactor)
    }
    return unsafe cpanels_vector(
      row: nil, centre: nil, high: place, low: rows.base + low * width, factor: sumFactor)
  }

  /// Gives the first of a pair what their union knows: bounds for its similarities.
  ///
  /// The union inherits what both lists say of clusters in either of them, and a bound on all others;
  /// where the merged list is too long, what is left out is bounded too.
  func inheritList(_ pair: Pair) {
    let (a, b) = (clusters[pair.kept], clusters[pair.dropped])
    let one = Bounds(self, pair.kept, without: pair)
    let other = Bounds(self, pair.dropped, without: pair)
    func bound(_ c: Double, _ ac: Double, _ bc: Double) -> Double {
      criterion.similarity(
        ofUnion: Double(a.size), Double(b.size), with: c, ac, bc, apart: pair.similarity) + slack
    }
    let rest = bound(1, one.rest, other.rest)
    let list = list(of: pair.kept)
    list.clear()
    for index in 0..<one.count {
      let slot = one.slots[index]
      let value = bound(
        Double(clusters[Int(slot)].size), one.values[index], other.value(of: slot))
      if value > rest { list.offer(Float(above: value), slot) }
    }
    for index in 0..<other.count where !one.contains(other.slots[index]) {
      let slot = other.slots[index]
      let value = bound(Double(clusters[Int(slot)].size), one.rest, other.values[index])
      if value > rest { list.offer(Float(above: value), slot) }
    }
    states[pair.kept] = SearchState(
      listedAt: level + 1, bound: max(Float(above: rest), list.bound),
      isExact: states[pair.kept].isExact && states[pair.dropped].isExact)
  }

  /// A cluster's shortlist by the clusters of now.
  private struct Bounds {
    var slots = InlineArray<16, Int32>(repeating: -1)
    var values = InlineArray<16, Double>(repeating: 0)
    var count = 0
    /// The bound on all clusters that are not listed.
    let rest: Double

    init(_ store: ClusterStore, _ slot: Int, without pair: Pair) {
      let state = store.states[slot]
      let slack = store.slack(since: state.listedAt)
      rest = Double(state.bound) + slack
      let list = store.list(of: slot)
      for place in 0..<Shortlist.capacity where list.slot(place) >= 0 {
        let union = store.union(of: list.slot(place))
        guard union != pair.kept, union != pair.dropped, !contains(union) else { continue }
        slots[count] = union
        // It may have grown by clusters that were not listed.
        values[count] = max(Double(list.value(place)) + slack, rest)
        count += 1
      }
    }

    func contains(_ slot: Int32) -> Bool {
      for index in 0..<count where slots[index] == slot { return true }
      return false
    }

    func value(of slot: Int32) -> Double {
      for index in 0..<count where slots[index] == slot { return values[index] }
      return rest
    }
  }
}
