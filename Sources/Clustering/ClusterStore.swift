// `unsafe` is sound here because rows hold D floats and lists one entry for every slot; slots come from
// the store itself, and lanes write only the clusters they were given. Pages are given back only of rows
// that nobody else has and that nobody reads again.
internal import CPanels
internal import Tensors

/// The clusters that are left: rows and sums in double precision, and each cluster's shortlist.
///
/// A cluster of copies of one row is computed from that row. The sum of a larger one takes the places
/// of two of its rows, which are not needed any more, so sums cost no memory. Means in single precision
/// are not kept: a search makes them as it goes.
struct ClusterStore {
  /// D.
  let width: Int
  let criterion: Criterion
  /// What a distance of the rows' space is multiplied by to be one of the rows as given.
  let unit: Double
  /// The clusters by slot, also those that were merged.
  let clusters: LaneArray<Cluster>
  /// What they know of others, by slot.
  let states: LaneArray<SearchState>
  /// The slots that are left, ascending.
  private(set) var live: [Int32]
  /// How many sets of disjoint merges there were.
  private(set) var level: Int32 = 0
  /// The lowest row of every slot.
  let firsts: [Int32]
  /// D floats for every slot: the row as given (of doubles the upper words), later half of a sum.
  let rows: AlignedStorage
  /// D words for every slot: the lower words of a row given in double precision.
  let lows: AlignedStorage?
  /// What is taken off every row, D elements.
  let centre: LaneArray<Double>
  /// What the row of every slot is multiplied by.
  let factors: LaneArray<Double>
  /// What kernels are told of the mean of every slot, for distances.
  let squares: LaneArray<Float>
  let sizes: LaneArray<Float>
  /// The origins of clusters in narrow heaps, if there are any.
  var origins: Origins?
  /// What rounding may add to a similarity per level.
  let slack: Double

  private let lists: LaneArray<cpanels_list>
  /// The slot that each slot was merged into, itself while it is left.
  private let unions: LaneArray<Int32>
  let lanes: LanePool

  /// Starts with one cluster for every distinct row, its copies merged at height 0.
  ///
  /// Takes the distinct rows over. Those given are let go of piece by piece meanwhile, unless the caller
  /// has them too.
  init(
    _ space: consuming RowSpace, criterion: Criterion, lanes: LanePool, log: inout MergeLog
  ) {
    let distinct = DistinctRows(copy space, lanes: lanes, log: &log)
    let count = distinct.rows.count
    self.criterion = criterion
    self.lanes = lanes
    width = space.rows.columns
    unit = space.unit
    slack = criterion.slack(width: width, count: space.rows.rows)
    firsts = distinct.rows.map { Int32($0) }
    centre = LaneArray(space.centre)
    factors = LaneArray(distinct.rows.map { space.factors[$0] })
    var given = (consume space).words()
    rows = Self.take(distinct.rows, of: &given[0])
    lows = given.count == 1 ? nil : Self.take(distinct.rows, of: &given[1])
    live = Array(0..<Int32(count))
    clusters = LaneArray(count: count)
    states = LaneArray(count: count)
    unions = LaneArray(count: count)
    lists = LaneArray(count: count)
    squares = LaneArray(count: criterion.isDistance ? count : 0)
    sizes = LaneArray(count: criterion.isDistance ? count : 0)
    for slot in 0..<count {
      clusters[slot] = Cluster(
        size: Int32(distinct.weights[slot]), node: Int32(distinct.nodes[slot]))
      states[slot] = SearchState()
      unions[slot] = Int32(slot)
    }
    let store = self
    lanes.eachRange(in: count, by: 1024) { range in
      for slot in range {
        store.list(of: slot).clear()
        store.noteMean(of: slot)
      }
    }
  }

  /// Some rows of a matrix, one after the other; its memory is given back as they are copied.
  private static func take(_ places: [Int], of matrix: inout Matrix) -> AlignedStorage {
    let width = matrix.columns
    return unsafe AlignedStorage(count: places.count * width) { copies in
      // This copies the matrix, if anybody else has it too.
      unsafe matrix.values.withUnsafeMutableBufferPointer { values in
        guard let start = values.baseAddress else { return }
        // Up to where rows are copied and their memory is given back, but for a page it ends in.
        var returned = 0
        for (place, row) in places.enumerated() {
          unsafe (copies + place * width).update(from: start + row * width, count: width)
          let copied = (row + 1) * width
          guard copied - returned >= 1 << 18 else { continue }
          let from = max(0, returned - 1024)
          unsafe cpanels_give_back(start + from, Int64(4 * (copied - from)))
          returned = copied
        }
      }
    }
  }

  /// A cluster's shortlist.
  func list(of slot: Int) -> Shortlist {
    precondition(slot >= 0 && slot < clusters.count)
    return unsafe Shortlist(lists.base + slot)
  }

  /// A copy of a cluster's shortlist, to be sent to another rank.
  func listValue(of slot: Int) -> cpanels_list { lists[slot] }

  /// Replaces a cluster's shortlist.
  func setList(of slot: Int, _ list: cpanels_list) { lists[slot] = list }

  /// Adds another rank's finds to a cluster's shortlist.
  func offer(_ list: cpanels_list, to slot: Int) {
    var list = list
    unsafe withUnsafeMutablePointer(to: &list) { unsafe self.list(of: slot).offer(Shortlist($0)) }
  }

  /// All shortlists, for a kernel.
  var listBase: UnsafeMutablePointer<cpanels_list> { unsafe lists.base }

  /// The cluster that a slot is part of by now.
  func union(of slot: Int32) -> Int32 {
    var slot = slot
    while unions[Int(slot)] != slot { slot = unions[Int(slot)] }
    return slot
  }

  /// Whether the nearest of a cluster has to be determined.
  func isStale(_ slot: Int32) -> Bool {
    let state = states[Int(slot)]
    guard state.nearest >= 0, unions[Int(state.nearest)] == state.nearest else { return true }
    return clusters[Int(state.nearest)].madeAt > state.nearestAt
  }

  /// What rounding may have added to similarities since a level.
  func slack(since level: Int32) -> Double { slack * Double(self.level - level) }

  // MARK: - Merging

  /// Merges pairs of reciprocal nearest neighbours, no cluster being in two of them; where the
  /// criterion is not reducible, the union's list is left for `introduce` and `fillList`.
  mutating func unite(_ pairs: [Pair], log: inout MergeLog) {
    var made: [Cluster] = []
    made.reserveCapacity(pairs.count)
    for pair in pairs {
      let (one, other) = (clusters[pair.kept], clusters[pair.dropped])
      let size = one.size + other.size
      let node = log.append(
        Int(one.node), Int(other.node), height: criterion.height(pair.similarity, unit: unit),
        size: Int(size))
      made.append(
        Cluster(
          size: size, node: Int32(node), low: one.low >= 0 ? one.low : Int32(pair.dropped),
          madeAt: level + 1))
    }
    let store = self
    // Lists are inherited while all clusters are as they were.
    if criterion.isReducible {
      lanes.eachRange(in: pairs.count, by: 16) { range in
        for pair in pairs[range] { store.inheritList(pair) }
      }
    }
    lanes.eachRange(in: pairs.count, by: 16) { [made] range in
      for index in range { store.write(made[index], of: pairs[index]) }
    }
    level += 1
    remove(pairs)
  }

  private func write(_ union: Cluster, of pair: Pair) {
    unsafe cpanels_add(
      sum(of: pair.kept), sum(of: pair.dropped), Int64(width), rows.base + pair.kept * width,
      rows.base + Int(union.low) * width)
    clusters[pair.kept] = union
    noteMean(of: pair.kept)
  }

  private func noteMean(of slot: Int) {
    guard criterion.isDistance else { return }
    let mean = unsafe mean(of: slot)
    squares[slot] = unsafe criterion.square(
      cpanels_product(mean, mean, Int64(width)), width: width)
    sizes[slot] = criterion.weight(of: clusters[slot].size)
  }

  /// Marks dropped slots as part of the kept ones.
  private mutating func remove(_ pairs: [Pair]) {
    for pair in pairs { unions[pair.dropped] = Int32(pair.kept) }
    // Chains of unions grow by one each time; every 64 times they are cut short again.
    if pairs.count > 64 || level % 64 == 0 {
      for slot in 0..<unions.count { unions[slot] = unions[Int(unions[slot])] }
    }
    if pairs.count == 1, let index = live.firstIndex(of: Int32(pairs[0].dropped)) {
      live.remove(at: index)
    } else {
      live.removeAll { unions[Int($0)] != $0 }
    }
  }
}

/// Two clusters to be merged.
struct Pair: Sendable {
  /// The lower slot, which the union takes.
  let kept: Int
  /// The slot that ends.
  let dropped: Int
  /// Their similarity.
  let similarity: Double
}
