// `unsafe` is sound here because a lane writes its own panel and its own gathered rows, both as large
// as the largest block, and columns beyond a block's last are filled before they are scanned.
internal import Tensors

/// Finds for clusters the most similar other cluster: blocked products, then double precision.
///
/// A product of two means in single precision is off by at most (D + 2)·2⁻²⁴ in any order of
/// summation, as the means are no longer than 1 (Higham, "Accuracy and Stability of Numerical
/// Algorithms", section 3.1). All clusters within twice that of the best are ranked in double
/// precision, so blocks, lanes and BLAS kernels cannot change the outcome.
struct NearestSearch {
  private static let rowBlock = 256
  private static let columnBlock = 1024
  /// Scanned at a time; columns of a panel are padded to a multiple of it.
  private static let stripe = 32

  private let lanes: LanePool
  private let window: Float
  private let panels: [LaneArray<Float>]
  private let gathered: [LaneArray<Float>]
  private let shortlists: LaneArray<Shortlist>
  private let ranked: LaneArray<Int32>
  private let rowsAtOnce: Int

  /// Allocates what searches among rows of `width` columns need.
  init(width: Int, lanes: LanePool) {
    self.lanes = lanes
    window = 2 * Float(width + 4) * 0x1p-24
    panels = (0..<lanes.count).map { _ in
      LaneArray(count: Self.rowBlock * Self.columnBlock)
    }
    gathered = (0..<lanes.count).map { _ in LaneArray(count: Self.rowBlock * width) }
    rowsAtOnce = max(4096, 4 * lanes.count * Self.rowBlock)
    shortlists = LaneArray(count: rowsAtOnce)
    ranked = LaneArray(count: rowsAtOnce)
  }

  /// Looks for the nearest of each cluster at `places`, and notes it there.
  ///
  /// - Returns: how many candidates double precision had to decide between.
  /// - Complexity: O(places·count·D)
  func refresh(_ places: [Int32], in store: ClusterStore) -> Int {
    var rechecks = 0
    for start in stride(from: 0, to: places.count, by: rowsAtOnce) {
      rechecks += refresh(places[start..<min(start + rowsAtOnce, places.count)], in: store)
    }
    return rechecks
  }

  private func refresh(_ places: ArraySlice<Int32>, in store: ClusterStore) -> Int {
    let blocks = (places.count + Self.rowBlock - 1) / Self.rowBlock
    let columnBlocks = (store.count + Self.columnBlock - 1) / Self.columnBlock
    // Few rows are shared out by columns, so that every lane has work.
    let wanted = lanes.count == 1 ? 1 : (2 * lanes.count + blocks - 1) / blocks
    let segments = max(1, min(wanted, columnBlocks, rowsAtOnce / places.count))
    lanes.each(blocks * segments) { index, lane in
      let (block, segment) = (index / segments, index % segments)
      let first = places.startIndex + block * Self.rowBlock
      let rows = places[first..<min(first + Self.rowBlock, places.endIndex)]
      let columns = columnBlocks * segment / segments..<columnBlocks * (segment + 1) / segments
      gather(rows, from: store, lane: lane)
      let lists = (0..<rows.count).map { (block * Self.rowBlock + $0) * segments + segment }
      for list in lists { shortlists[list] = Shortlist() }
      for column in columns {
        let start = column * Self.columnBlock
        compare(rows, with: start..<min(start + Self.columnBlock, store.count), lists, store, lane)
      }
    }
    lanes.eachRange(in: places.count, by: 16) { range in
      for row in range {
        let place = Int(places[places.startIndex + row])
        ranked[row] = rank(place, row * segments..<(row + 1) * segments, store)
      }
    }
    return (0..<places.count).reduce(0) { $0 + Int(ranked[$1]) }
  }

  private func gather(_ rows: ArraySlice<Int32>, from store: ClusterStore, lane: Int) {
    let width = store.width
    for (index, place) in rows.enumerated() {
      unsafe (gathered[lane].base + index * width).update(
        from: store.means.base + Int(place) * width, count: width)
    }
  }

  /// Offers the similarities of `rows` to all `columns` to the rows' shortlists.
  private func compare(
    _ rows: ArraySlice<Int32>, with columns: Range<Int>, _ lists: [Int], _ store: ClusterStore,
    _ lane: Int
  ) {
    let width = store.width
    let panel = unsafe panels[lane].base
    unsafe BLAS.multiply(
      rows.count, columns.count, width, gathered[lane].base, width, false,
      store.means.base + columns.lowerBound * width, width, true, panel, Self.columnBlock, 1, 0)
    let padded = (columns.count + Self.stripe - 1) / Self.stripe * Self.stripe
    for (index, place) in rows.enumerated() {
      let values = unsafe panel + index * Self.columnBlock
      for column in columns.count..<padded { unsafe values[column] = 2 * Shortlist.nothing }
      if columns.contains(Int(place)) {
        unsafe values[Int(place) - columns.lowerBound] = 2 * Shortlist.nothing
      }
      unsafe scan(values, padded, from: columns.lowerBound, into: lists[index])
    }
  }

  /// Offers what is not below the threshold; most stripes are passed over by 16 vector operations.
  private func scan(
    _ values: UnsafeMutablePointer<Float>, _ count: Int, from start: Int, into list: Int
  ) {
    var shortlist = shortlists[list]
    var threshold = shortlist.threshold(window)
    for stripe in Swift.stride(from: 0, to: count, by: Self.stripe) {
      let raw = unsafe UnsafeRawPointer(values + stripe)
      let a = unsafe raw.load(as: SIMD8<Float>.self)
      let b = unsafe raw.load(fromByteOffset: 32, as: SIMD8<Float>.self)
      let c = unsafe raw.load(fromByteOffset: 64, as: SIMD8<Float>.self)
      let d = unsafe raw.load(fromByteOffset: 96, as: SIMD8<Float>.self)
      let ab = a.replacing(with: b, where: b .> a)
      let cd = c.replacing(with: d, where: d .> c)
      let highest = ab.replacing(with: cd, where: cd .> ab)
      guard any(highest .>= threshold) else { continue }
      for column in stripe..<stripe + Self.stripe {
        let value = unsafe values[column]
        guard value >= threshold, value > Shortlist.nothing else { continue }
        shortlist.offer(value, at: Int32(start + column), window: window)
        threshold = shortlist.threshold(window)
      }
    }
    shortlists[list] = shortlist
  }

  /// Notes the best of a cluster's shortlists, of equals the one with the lowest first row.
  ///
  /// - Returns: the number of candidates compared, 0 if there was only one.
  private func rank(_ place: Int, _ lists: Range<Int>, _ store: ClusterStore) -> Int32 {
    var best = Shortlist.nothing
    var second = Shortlist.nothing
    for list in lists {
      second = max(second, min(best, shortlists[list].best), shortlists[list].second)
      best = max(best, shortlists[list].best)
    }
    var cluster = store.clusters[place]
    cluster.nearest = -1
    var compared: Int32 = 0
    func consider(_ other: Int) {
      compared += 1
      let similarity = store.similarity(place, other)
      if cluster.nearest >= 0 {
        guard similarity >= cluster.similarity else { return }
        let rival = store.clusters[Int(cluster.nearest)].first
        guard similarity > cluster.similarity || store.clusters[other].first < rival else { return }
      }
      cluster.similarity = similarity
      cluster.nearest = Int32(other)
    }
    if lists.contains(where: { shortlists[$0].lost >= best - window }) {
      for other in 0..<store.count where other != place { consider(other) }
    } else {
      for list in lists { shortlists[list].forEach(from: best - window, consider) }
    }
    cluster.runnerUp = second + window / 2
    cluster.isStale = false
    store.clusters[place] = cluster
    return compared > 1 ? compared : 0
  }
}
