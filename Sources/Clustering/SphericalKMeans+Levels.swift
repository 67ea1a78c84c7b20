public import Tensors

extension TwoLevelPartition {
  /// Clusters rows by spherical k-means, and the clusters once more, whole, into fewer.
  ///
  /// The coarse level weighs a fine cluster by the length of its sum of unit rows, so both levels
  /// serve the same objective, and the fine clusters lie within the coarse ones.
  ///
  /// - Parameters:
  ///   - fine: the number of fine clusters.
  ///   - coarse: the number of coarse clusters.
  ///   - random: the streams that the seedings draw from.
  ///   - team: ranks that share the comparisons, as `SphericalKMeans` has it.
  ///   - progress: told of every centre drawn and every round, on the caller's thread.
  /// - Throws: `ClusteringError` naming all rows that are zero, or NaN or infinite. And what the team throws.
  public init(
    kMeansOf rows: Matrix, fine: Int, coarse: Int,
    random: (fine: RandomStream, coarse: RandomStream),
    lanes: LanePool, team: (any SearchTeam)? = nil, progress: ClusteringProgress.Report? = nil
  ) throws {
    let clusters = try SphericalKMeans(
      of: rows, clusters: fine, random: random.fine, lanes: lanes, team: team, progress: progress)
    let sums = try Self.sums(of: rows, in: clusters.partition)
    let groups = try SphericalKMeans(
      of: sums.directions, clusters: coarse, weights: sums.lengths, random: random.coarse,
      lanes: lanes, team: team, progress: progress)
    self.init(
      fine: clusters.partition,
      coarse: Partition(
        numbering: clusters.partition.labels.map { groups.partition.labels[Int($0)] }))
  }

  /// The sum of every cluster's unit rows, as direction and length.
  private static func sums(
    of rows: Matrix, in partition: Partition
  ) throws(ClusteringError) -> (directions: Matrix, lengths: [Double]) {
    let factors = try RowSpace(rows, metric: .cosine).factors
    let width = rows.columns
    var sums = [Double](repeating: 0, count: partition.clusterCount * width)
    for (row, label) in partition.labels.enumerated() {
      let (from, to) = (row * width, Int(label) * width)
      for column in 0..<width {
        sums[to + column] += Double(rows.values[from + column]) * factors[row]
      }
    }
    var directions = Matrix(rows: partition.clusterCount, columns: width)
    var lengths: [Double] = []
    var first = [Int](repeating: -1, count: partition.clusterCount)
    for (row, label) in partition.labels.enumerated() where first[Int(label)] < 0 {
      first[Int(label)] = row
    }
    for cluster in 0..<partition.clusterCount {
      let places = cluster * width..<(cluster + 1) * width
      let length = sums[places].reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Rows that cancel out are everywhere and nowhere; their first row speaks for them.
      for (column, place) in places.enumerated() {
        directions.values[place] =
          length > 1e-9 ? Float(sums[place] / length) : rows.values[first[cluster] * width + column]
      }
      lengths.append(max(length, 1e-9))
    }
    return (directions, lengths)
  }
}
