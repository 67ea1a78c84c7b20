// `unsafe` is sound here because `means` and `sums` hold `width` elements for every place of a
// cluster or a sum, places come from the store itself, and lanes write only the rows they were given.
internal import Tensors

/// The clusters that are left, densely packed: directions for searching, sums for deciding.
///
/// A sum needs two distinct rows, so half as many sums as rows suffice; a cluster of copies of one
/// row is computed from that row.
struct ClusterStore {
  /// D.
  let width: Int
  /// How many clusters are left; they have the places below this.
  private(set) var count: Int
  /// The clusters.
  let clusters: LaneArray<Cluster>
  /// Mean unit vectors in single precision, count·D; their products are mean cosines.
  let means: AlignedStorage
  /// The rows as given.
  let rows: Matrix
  /// One over the length of each row.
  let inverseNorms: [Double]
  /// Sums of unit vectors, D to each place of a sum.
  let sums: LaneArray<Double>

  private var freeSums: [Int32]
  private let lanes: LanePool

  /// Starts with one cluster for every distinct row, its copies merged at height 0.
  init(rows: Matrix, inverseNorms: [Double], lanes: LanePool, log: inout MergeLog) {
    let firsts = EqualRows(in: rows, lanes: lanes).firsts
    var nodes = Array(0..<rows.rows)
    var sizes = [Int](repeating: 1, count: rows.rows)
    for (row, first) in firsts.enumerated() where first != row {
      sizes[first] += 1
      nodes[first] = log.append(nodes[first], row, height: 0, size: sizes[first])
    }
    let distinct = firsts.indices.filter { firsts[$0] == $0 }
    width = rows.columns
    count = distinct.count
    clusters = LaneArray(count: count)
    means = AlignedStorage(count: count * width)
    self.rows = rows
    self.inverseNorms = inverseNorms
    sums = LaneArray(count: count / 2 * width)
    freeSums = Array(0..<Int32(count / 2))
    self.lanes = lanes
    for (place, row) in distinct.enumerated() {
      clusters[place] = Cluster(
        first: Int32(row), size: Int32(sizes[row]), node: Int32(nodes[row]))
    }
    let store = self
    lanes.eachRange(in: count, by: 1024) { range in
      for place in range { store.writeRowMean(at: place) }
    }
  }

  private func writeRowMean(at place: Int) {
    unsafe withRow(of: clusters[place]) { row in
      for column in 0..<width {
        unsafe means.base[place * width + column] = Float(row[column])
      }
    }
  }

  /// Makes each first cluster of a pair the union of both, and leaves the second ones to `remove`.
  ///
  /// Sums that become free are reused after this call only, as lanes still read them.
  mutating func unite(_ pairs: [Pair], log: inout MergeLog) {
    var freed: [Int32] = []
    var unions: [Cluster] = []
    unions.reserveCapacity(pairs.count)
    for pair in pairs {
      let (one, other) = (clusters[pair.kept], clusters[pair.dropped])
      let size = Int(one.size + other.size)
      let node = log.append(
        Int(one.node), Int(other.node), height: max(0, 1 - pair.similarity), size: size)
      if one.sum >= 0 && other.sum >= 0 { freed.append(other.sum) }
      let sum = one.sum >= 0 ? one.sum : other.sum >= 0 ? other.sum : freeSums.removeLast()
      unions.append(
        Cluster(
          first: min(one.first, other.first), size: Int32(size), node: Int32(node), sum: sum))
    }
    let store = self
    lanes.eachRange(in: pairs.count, by: 64) { [unions] range in
      for index in range { store.write(unions[index], of: pairs[index]) }
    }
    freeSums += freed
  }

  private func write(_ union: Cluster, of pair: Pair) {
    let (one, other) = (clusters[pair.kept], clusters[pair.dropped])
    let share = 1 / Double(union.size)
    unsafe withRow(of: one) { a in
      unsafe withRow(of: other) { b in
        let (aScale, bScale) = (one.rowScale, other.rowScale)
        let sum = unsafe sums.base + Int(union.sum) * width
        let mean = unsafe means.base + pair.kept * width
        for column in 0..<width {
          let total = unsafe a[column] * aScale + b[column] * bScale
          unsafe sum[column] = total
          unsafe mean[column] = Float(total * share)
        }
      }
    }
    clusters[pair.kept] = union
  }

  /// Closes the gaps that `dropped` clusters leave by moving the last clusters into them.
  ///
  /// - Parameter dropped: ascending places.
  /// - Returns: the moves, each cluster at most once.
  mutating func remove(_ dropped: [Int]) -> [(from: Int, to: Int)] {
    let left = count - dropped.count
    let gaps = dropped.prefix { $0 < left }
    let beyond = Set(dropped.dropFirst(gaps.count))
    let movers = (left..<count).filter { !beyond.contains($0) }
    for (gap, mover) in zip(gaps, movers) {
      clusters[gap] = clusters[mover]
      unsafe (means.base + gap * width).update(from: means.base + mover * width, count: width)
    }
    count = left
    return zip(movers, gaps).map { (from: $0, to: $1) }
  }
}

/// Two clusters to be merged.
struct Pair: Sendable {
  /// The place that the union takes.
  let kept: Int
  /// The place that becomes free.
  let dropped: Int
  /// Their mean cosine.
  let similarity: Double
}
