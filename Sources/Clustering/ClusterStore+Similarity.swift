// `unsafe` is sound here because every vector lent to a closure holds D elements, and none outlives
// its closure.
internal import CPanels

extension ClusterStore {
  /// The similarity of two clusters in double precision, the same bits in both orders.
  func similarity(_ one: Int, _ other: Int) -> Double {
    let (a, b) = (clusters[one], clusters[other])
    let total = unsafe withMean(of: one) { x in
      unsafe withMean(of: other) { y in
        unsafe criterion == .cosine
          ? cpanels_product(x, y, Int64(width)) : cpanels_distance(x, y, Int64(width))
      }
    }
    guard criterion == .ward else { return total }
    let (m, n) = (Double(a.size), Double(b.size))
    return -(m * n / (m + n)) * total
  }

  /// Lends the mean of a cluster's rows.
  func withMean<Result>(of slot: Int, _ body: (cpanels_vector) -> Result) -> Result {
    unsafe withVector(of: slot, sumFactor: 1 / Double(clusters[slot].size), rowFactor: 1, body)
  }

  /// Lends the sum of a cluster's rows.
  func withSum<Result>(of slot: Int, _ body: (cpanels_vector) -> Result) -> Result {
    unsafe withVector(of: slot, sumFactor: 1, rowFactor: Double(clusters[slot].size), body)
  }

  @inline(__always)
  private func withVector<Result>(
    of slot: Int, sumFactor: Double, rowFactor: Double, _ body: (cpanels_vector) -> Result
  ) -> Result {
    let cluster = clusters[slot]
    if cluster.sum >= 0 {
      return unsafe body(
        cpanels_vector(
          sum: sums.base + Int(cluster.sum) * width, row: nil, centre: nil, factor: sumFactor))
    }
    let first = Int(firsts[slot])
    return unsafe space.withRow(first) { row, centre in
      unsafe body(
        cpanels_vector(
          sum: nil, row: row, centre: centre, factor: space.factors[first] * rowFactor))
    }
  }

  /// What a cluster has in common with another so far: bounds for their union's similarities.
  ///
  /// The union inherits what both lists say of clusters in either of them, and a bound on all others;
  /// where the merged list is too long, what is left out is bounded too.
  ///
  /// - Returns: the bound on all clusters outside the union's list, which replaces the first one's.
  func inheritList(_ pair: Pair) -> Double {
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
    return list.slot(Shortlist.capacity - 1) >= 0 ? max(rest, list.bound) : rest
  }

  /// A cluster's shortlist by the clusters of now.
  private struct Bounds {
    var slots = InlineArray<16, Int32>(repeating: -1)
    var values = InlineArray<16, Double>(repeating: 0)
    var count = 0
    /// The bound on all clusters that are not listed.
    let rest: Double

    init(_ store: ClusterStore, _ slot: Int, without pair: Pair) {
      let cluster = store.clusters[slot]
      let slack = store.slack(since: cluster.listedAt)
      rest = cluster.bound + slack
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
