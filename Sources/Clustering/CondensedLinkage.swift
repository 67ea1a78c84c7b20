internal import Foundation
internal import Tensors

/// Linkages that need every distance: complete linkage, and average linkage of Euclidean distances.
///
/// N(N − 1)/2 distances in double precision are updated in place (Lance and Williams, 1967), and
/// merged along chains of nearest neighbours (Murtagh, 1983); both linkages are reducible.
struct CondensedLinkage {
  private let space: RowSpace
  private let linkage: Linkage
  private let lanes: LanePool
  private var log: MergeLog
  private let distinct: DistinctRows
  private let distances: LaneArray<Double>

  /// Computes all distances.
  ///
  /// - Parameter progress: told the share of the distances that are there, now and then.
  /// - Throws: `ClusteringError` if they do not fit in `memoryLimit` bytes, or in what this process can
  ///   still get, if nil, before it takes any.
  init(
    _ space: RowSpace, linkage: Linkage, lanes: LanePool, memoryLimit: Int?,
    progress: ClusteringProgress.Report?
  ) throws(ClusteringError) {
    self.space = space
    self.linkage = linkage
    self.lanes = lanes
    log = MergeLog(count: space.rows.rows)
    distinct = DistinctRows(space, lanes: lanes, log: &log)
    let count = distinct.rows.count
    try Self.checkMemory(rows: count, limit: memoryLimit)
    distances = LaneArray(count: count * (count - 1) / 2, onHugePages: true)
    let (rows, distances) = (distinct.rows, distances)
    for first in stride(from: 0, to: rows.count, by: 512) {
      let share = Double(first * first) / Double(count * count)
      progress?(.comparing(rows: count, share: share))
      lanes.eachRange(in: min(512, rows.count - first), by: RowSpace.rowsAtOnce) { range in
        let (from, end) = (first + range.lowerBound, first + range.upperBound)
        space.compare(rows[from..<end], with: rows[..<end]) { other, one, distance in
          if one < other { distances[Self.place(one, other)] = distance }
        }
      }
    }
  }

  /// - Throws: `ClusteringError` if the distances of that many rows do not fit in `limit` bytes.
  static func checkMemory(rows count: Int, limit: Int?) throws(ClusteringError) {
    let limit = limit ?? AvailableMemory.bytes
    let (pairs, overflows) = count.multipliedReportingOverflow(by: count - 1)
    let needed = overflows || pairs > Int.max / 4 ? Int.max : pairs * 4
    guard needed <= limit else {
      throw ClusteringError(
        fault: .memory(needed: needed, limit: limit), rows: [], count: count)
    }
  }

  /// - Complexity: O(N²), after the O(N²·D) of the distances.
  mutating func run(progress: ClusteringProgress.Report?) -> MergeLog {
    var clusters = distinct.rows.indices.map {
      (node: distinct.nodes[$0], size: distinct.weights[$0], isLive: true)
    }
    var left = clusters.count
    var chain: [Int] = []
    while left > 1 {
      // The last cluster is never dropped.
      if chain.isEmpty { chain.append(clusters.count - 1) }
      let last = chain[chain.count - 1]
      let previous = chain.count > 1 ? chain[chain.count - 2] : nil
      let (nearest, distance) = nearest(to: last, or: previous, of: clusters.count)
      guard nearest == previous else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      // The higher one has the longer row, whose distances lie side by side.
      let (kept, dropped) = (max(last, nearest), min(last, nearest))
      let sizes = (clusters[kept].size, clusters[dropped].size)
      update(kept, dropped, sizes: sizes, of: clusters.count)
      clusters[kept].size = sizes.0 + sizes.1
      clusters[kept].node = log.append(
        clusters[kept].node, clusters[dropped].node, height: distance, size: sizes.0 + sizes.1)
      clusters[dropped].isLive = false
      left -= 1
      if 4 * left < 3 * clusters.count {
        let live = clusters.indices.filter { clusters[$0].isLive }
        moveTogether(live)
        var places = [Int](repeating: -1, count: clusters.count)
        for (place, cluster) in live.enumerated() { places[cluster] = place }
        chain = chain.map { places[$0] }
        clusters = live.map { clusters[$0] }
      }
      if left % 512 == 0 { progress?(.joining(left: left)) }
    }
    return log
  }

  /// The nearest of all clusters to one; of equals the one before it in the chain, then the lowest.
  ///
  /// What has been merged is infinitely far away.
  private func nearest(
    to last: Int, or previous: Int?, of count: Int
  ) -> (cluster: Int, distance: Double) {
    var nearest = previous ?? last
    var distance = previous.map { distances[Self.place(last, $0)] } ?? .infinity
    func consider(_ other: Int, _ candidate: Double) {
      if candidate < distance { (nearest, distance) = (other, candidate) }
    }
    var place = last * (last - 1) / 2
    for other in 0..<last { consider(other, distances[place + other]) }
    place += 2 * last
    for other in (last + 1)..<count {
      consider(other, distances[place])
      place += other
    }
    return (nearest, distance)
  }

  /// Gives one cluster the distances of the union, and the other, a lower one, none.
  private func update(_ kept: Int, _ dropped: Int, sizes: (Int, Int), of count: Int) {
    let (a, b) = (Double(sizes.0), Double(sizes.1))
    func unite(_ own: Int, _ ended: Int) {
      let (one, two) = (distances[own], distances[ended])
      // A mean is no smaller than both, whatever its rounding: so no chain leads back into itself.
      distances[own] =
        linkage == .complete
        ? max(one, two) : max(min(one, two), (a * one + b * two) / (a + b))
      distances[ended] = .infinity
    }
    let (row, ended) = (kept * (kept - 1) / 2, dropped * (dropped - 1) / 2)
    for other in 0..<dropped { unite(row + other, ended + other) }
    var place = ended + 2 * dropped
    for other in (dropped + 1)..<kept {
      unite(row + other, place)
      place += other
    }
    distances[place] = .infinity
    place += kept
    for other in (kept + 1)..<count {
      unite(place + kept - dropped, place)
      place += other
    }
  }

  /// Moves the distances of some clusters to the front, in their order.
  private func moveTogether(_ clusters: [Int]) {
    var end = 0
    for (index, high) in clusters.enumerated() {
      let row = high * (high - 1) / 2
      for low in clusters[..<index] {
        distances[end] = distances[row + low]
        end += 1
      }
    }
  }

  private static func place(_ one: Int, _ other: Int) -> Int {
    let (low, high) = one < other ? (one, other) : (other, one)
    return high * (high - 1) / 2 + low
  }
}

extension Dendrogram {
  /// Refuses what `init` would refuse for the number of rows alone, before anything is computed.
  ///
  /// - Throws: `ClusteringError`: a linkage that the metric does not suit; distances that do not fit
  ///   in `memoryLimit` bytes, or in what this process can still get, if nil.
  public static func check(
    rows count: Int, linkage: Linkage, metric: Metric, memoryLimit: Int? = nil
  ) throws(ClusteringError) {
    guard linkage.isDefined(on: metric) else {
      throw ClusteringError(fault: .unsuited(linkage, metric), rows: [], count: count)
    }
    guard linkage.needsAllDistances(on: metric) else { return }
    try CondensedLinkage.checkMemory(rows: count, limit: memoryLimit)
  }
}
