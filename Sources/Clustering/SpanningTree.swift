internal import Tensors

/// A minimum spanning tree of some rows, grown from the first one (Prim, 1957).
///
/// All distances are computed in double precision; ties go to the lowest row. A row that comes in meets
/// all rows outside. Sixteen are compared with them in some six times the time of one, so a row's
/// distances are computed along with those of the outside rows that are nearest now and likely to
/// follow, and kept until its turn. Where others come first too often, there is no room for more, and
/// each is compared alone.
struct SpanningTree {
  struct Edge {
    /// Places in the list of rows, the lower one first.
    let one: Int
    let other: Int
    let length: Double
  }

  /// How many rows' distances may be kept, of so many rows: 64 MB of them, at least sixteen rows'.
  private static func room(_ count: Int) -> Int {
    max(16, min(256, (64 << 20) / (8 * max(count, 1))))
  }

  /// - Throws: `ClusteringError` if what is kept for so many rows does not fit in `limit` bytes, or in what
  ///   this process can still get, if nil.
  static func checkMemory(rows count: Int, limit: Int?) throws(ClusteringError) {
    let needed = count * (8 * room(count) + 64)
    let limit = limit ?? AvailableMemory.bytes
    guard needed <= limit else {
      throw ClusteringError(
        fault: .memoryOfRows(needed: needed, limit: limit), rows: [], count: count)
    }
  }

  /// The edges in the order in which they were found.
  private(set) var edges: [Edge] = []

  private let rows: [Int]
  private let space: RowSpace
  private let lanes: LanePool
  /// The rows outside at 0 ..< `left`, in no order.
  private let outside: LaneArray<Outside>
  private var left: Int
  /// The distances of row `place` to all outside it met at `slots[place] * rows.count`.
  private let distances: LaneArray<Double>
  private var slots: [Int?]
  private var free: [Int]

  /// - Parameter progress: told the share of the pairs that have met, now and then.
  /// - Complexity: O(N²·D) time, O(N) memory (`checkMemory`).
  init(
    of rows: [Int], in space: RowSpace, lanes: LanePool, progress: ClusteringProgress.Report?
  ) {
    self.rows = rows
    self.space = space
    self.lanes = lanes
    left = max(rows.count - 1, 0)
    outside = LaneArray((0..<left).map { Outside(place: $0 + 1) })
    free = Array(0..<Self.room(rows.count))
    distances = LaneArray(count: free.count * rows.count)
    slots = Array(repeating: nil, count: rows.count)
    var newest = 0
    while left > 0 {
      let index = meet(newest)
      let found = outside[index]
      edges.append(
        Edge(
          one: min(found.place, found.nearest), other: max(found.place, found.nearest),
          length: found.distance))
      newest = found.place
      left -= 1
      outside[index] = outside[left]
      if left % 512 == 0 {
        let share = 1 - Double(left * left) / Double(rows.count * rows.count)
        progress?(.comparing(rows: rows.count, share: share))
      }
    }
  }

  /// A row outside the tree with the way to its nearest row inside.
  private struct Outside: BitwiseCopyable {
    let place: Int
    var nearest = 0
    var distance = Double.infinity

    func precedes(_ other: Outside) -> Bool {
      (distance, place) < (other.distance, other.place)
    }
  }

  /// Lets all rows outside know the newest one inside; returns the index of the nearest to the tree.
  private mutating func meet(_ newest: Int) -> Int {
    if slots[newest] == nil { computeDistances(of: newest) }
    guard let slot = slots[newest] else { preconditionFailure("row \(newest) was not compared") }
    let (outside, distances, size) = (outside, distances, 4096)
    let start = slot * rows.count
    let best = LaneArray<Int>(count: left / size + 1)
    lanes.eachRange(in: left, by: size) { range in
      var nearest = range.lowerBound
      for index in range {
        let distance = distances[start + outside[index].place]
        if distance < outside[index].distance {
          outside[index].nearest = newest
          outside[index].distance = distance
        }
        if outside[index].precedes(outside[nearest]) { nearest = index }
      }
      best[range.lowerBound / size] = nearest
    }
    free.append(slot)
    slots[newest] = nil
    return (0..<(left + size - 1) / size).map { best[$0] }
      .reduce(best[0]) { outside[$1].precedes(outside[$0]) ? $1 : $0 }
  }

  /// Computes the distances of a row, and of those that are likely to follow, to all rows outside.
  private mutating func computeDistances(of newest: Int) {
    // The last row that was compared gave its slot back when its turn came.
    precondition(!free.isEmpty, "no room for row \(newest)")
    let group = [newest] + nearestOutside(min(free.count, RowSpace.rowsAtOnce) - 1)
    var starts: [Int] = []
    for place in group {
      let slot = free.removeLast()
      slots[place] = slot
      starts.append(slot * rows.count)
    }
    let (rows, space, outside, distances) = (rows, space, outside, distances)
    let compared = group.map { place in rows[place] }
    lanes.eachRange(in: left, by: 512) { [starts] range in
      let places = range.map { outside[$0].place }
      space.compare(compared[...], with: places.map { rows[$0] }[...]) { member, other, distance in
        distances[starts[member] + places[other]] = distance
      }
    }
  }

  /// The places of the rows outside that are nearest to the tree and were not compared yet.
  private func nearestOutside(_ count: Int) -> [Int] {
    guard count > 0 else { return [] }
    var nearest: [Outside] = []
    for index in 0..<left {
      let one = outside[index]
      if nearest.count == count, !one.precedes(nearest[count - 1]) { continue }
      // Before the first row is met nobody is near.
      guard one.distance < .infinity, slots[one.place] == nil else { continue }
      if nearest.count == count { nearest.removeLast() }
      nearest.insert(one, at: nearest.firstIndex { one.precedes($0) } ?? nearest.count)
    }
    return nearest.map(\.place)
  }
}
