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
    distances = LaneArray(count: count * (count - 1) / 2)
    let (rows, distances) = (distinct.rows, distances)
    for first in stride(from: 0, to: rows.count, by: 512) {
      let share = Double(first * first) / Double(count * count)
      progress?(.comparing(rows: count, share: share))
      lanes.eachRange(in: min(512, rows.count - first), by: 16) { range in
        for other in range.map({ first + $0 }) {
          for one in 0..<other {
            distances[Self.place(one, other)] = space.distance(rows[one], rows[other])
          }
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
    var live = Array(distinct.rows.indices)
    var (nodes, sizes) = (distinct.nodes, distinct.weights)
    var chain: [Int] = []
    while live.count > 1 {
      if chain.isEmpty { chain.append(live[0]) }
      let last = chain[chain.count - 1]
      let previous = chain.count > 1 ? chain[chain.count - 2] : -1
      var nearest = previous
      var distance = previous < 0 ? Double.infinity : distances[Self.place(last, previous)]
      for other in live where other != last {
        let candidate = distances[Self.place(last, other)]
        if candidate < distance { (nearest, distance) = (other, candidate) }
      }
      guard nearest == previous else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      let (kept, dropped) = (min(last, previous), max(last, previous))
      update(kept, dropped, sizes, live)
      sizes[kept] += sizes[dropped]
      nodes[kept] = log.append(nodes[kept], nodes[dropped], height: distance, size: sizes[kept])
      live.removeAll { $0 == dropped }
      if live.count % 512 == 0 { progress?(.joining(left: live.count)) }
    }
    return log
  }

  private func update(_ kept: Int, _ dropped: Int, _ sizes: [Int], _ live: [Int]) {
    let (a, b) = (Double(sizes[kept]), Double(sizes[dropped]))
    for other in live where other != kept && other != dropped {
      let (one, two) = (
        distances[Self.place(kept, other)], distances[Self.place(dropped, other)]
      )
      // A mean is no smaller than both, whatever its rounding: so no chain leads back into itself.
      distances[Self.place(kept, other)] =
        linkage == .complete
        ? max(one, two) : max(min(one, two), (a * one + b * two) / (a + b))
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
