public import Tensors

extension Finch {
  /// Partitions with required numbers of clusters: the paper's algorithm 2.
  ///
  /// From the last partition that has enough clusters, the two whose means are most similar are joined, one
  /// pair at a time; the coarse partition goes on from the fine one, so that it holds it. Where even the
  /// first partition has too few, it stands for the fine one, as in the authors' code.
  ///
  /// - Parameter rows: those that were clustered.
  /// - Complexity: O(K·D) memory and O(K²·D) time for the K clusters of that partition, and O(K·D) for each
  ///   pair.
  public func levels(of rows: Matrix, fine: Int, coarse: Int) -> TwoLevelPartition {
    precondition(1 <= coarse && coarse <= fine, "\(coarse) coarse clusters of \(fine)")
    var merging = ClosestMeans(
      of: rows, in: partitions.last { $0.clusterCount >= fine } ?? partitions[0])
    merging.merge(to: fine)
    let first = merging.partition
    merging.merge(to: coarse)
    return TwoLevelPartition(fine: first, coarse: merging.partition)
  }
}

/// Clusters of which the two with the most similar means are joined; of equally similar ones, those with
/// the lowest numbers.
private struct ClosestMeans {
  private let start: Partition
  private let width: Int
  /// The cluster that each one of the start now is in: the lowest of its numbers.
  private var home: [Int]
  private var live: [Int]
  /// The sums of the clusters' rows, which point where their means do, and the same of unit length.
  private var sums: [Double]
  private var units: [Double]
  /// The most similar other cluster, for those that live.
  private var nearest: [(similarity: Double, cluster: Int)]

  init(of rows: Matrix, in start: Partition) {
    self.start = start
    width = rows.columns
    let count = start.clusterCount
    home = Array(0..<count)
    live = home
    sums = [Double](repeating: 0, count: count * width)
    units = sums
    nearest = Array(repeating: (-.infinity, -1), count: count)
    for (row, label) in start.labels.enumerated() {
      let (from, to) = (row * width, Int(label) * width)
      for column in 0..<width { sums[to + column] += Double(rows.values[from + column]) }
    }
    for cluster in live { normalise(cluster) }
    for cluster in live { search(for: cluster) }
  }

  var partition: Partition { Partition(numbering: start.labels.map { home[Int($0)] }) }

  mutating func merge(to count: Int) {
    while live.count > max(count, 1) {
      var one = live[0]
      for cluster in live where nearest[cluster].similarity > nearest[one].similarity {
        one = cluster
      }
      join(one, nearest[one].cluster)
    }
  }

  private mutating func join(_ one: Int, _ other: Int) {
    let (kept, gone) = (min(one, other), max(one, other))
    live.removeAll { $0 == gone }
    for cluster in home.indices where home[cluster] == gone { home[cluster] = kept }
    for column in 0..<width { sums[kept * width + column] += sums[gone * width + column] }
    normalise(kept)
    for cluster in live {
      let place = nearest[cluster].cluster
      if cluster == kept || place == kept || place == gone {
        search(for: cluster)
      } else {
        compare(cluster, with: kept)
      }
    }
  }

  private mutating func normalise(_ cluster: Int) {
    let place = cluster * width
    var square = 0.0
    for column in place..<place + width { square += sums[column] * sums[column] }
    let scale = square > 0 ? 1 / square.squareRoot() : 0
    for column in place..<place + width { units[column] = sums[column] * scale }
  }

  private mutating func search(for cluster: Int) {
    nearest[cluster] = (-.infinity, -1)
    for other in live where other != cluster { compare(cluster, with: other) }
  }

  /// Takes another cluster for the nearest one if it is more similar, or as similar with a lower number.
  private mutating func compare(_ cluster: Int, with other: Int) {
    let (one, two) = (cluster * width, other * width)
    var similarity = 0.0
    for column in 0..<width { similarity += units[one + column] * units[two + column] }
    let known = nearest[cluster]
    if similarity > known.similarity || similarity == known.similarity && other < known.cluster {
      nearest[cluster] = (similarity, other)
    }
  }
}
