internal import Tensors

/// First centres by k-means++: each next one is a row drawn with a chance that grows with its
/// distance to the centres so far.
///
/// Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007, section 2.2;
/// the squared distance of unit rows is twice one less their cosine.
struct KMeansSeeding {
  /// Unit rows, at most as many as clusters were wanted: copies are not drawn again.
  let centres: Matrix

  /// Draws rows; the first by weight, the others by weight times distance.
  ///
  /// - Parameter progress: told the number of centres drawn.
  init(
    _ rows: WeightedRows, clusters: Int, random: RandomStream, lanes: LanePool,
    team: any SearchTeam, progress: ClusteringProgress.Report? = nil
  ) throws {
    var random = random
    var drawn: [Int] = []
    let distances = LaneArray<Double>(count: rows.count)
    for row in 0..<rows.count { distances[row] = 2 }
    let wanted = min(clusters, rows.count)
    while drawn.count < wanted {
      let chances = (0..<rows.count).lazy.map { rows.weights[$0] * distances[$0] }
      let total = chances.reduce(0, +)
      guard total > 0 else { break }
      let target = Double(random.next() >> 11) * 0x1p-53 * total
      let row = Self.place(of: target, in: chances)
      drawn.append(row)
      try Self.lower(distances, to: rows.rows([row]), of: rows, lanes: lanes, team: team)
      progress?(.seeding(centres: drawn.count, of: wanted))
    }
    centres = rows.rows(drawn)
  }

  /// The first place where the sum of all chances up to it exceeds a number below their total.
  private static func place(of target: Double, in chances: some Collection<Double>) -> Int {
    var sum = 0.0
    var last = 0
    for (place, chance) in chances.enumerated() where chance > 0 {
      sum += chance
      last = place
      if sum > target { break }
    }
    return last
  }

  /// Takes a new centre into account.
  private static func lower(
    _ distances: LaneArray<Double>, to centre: Matrix, of rows: WeightedRows, lanes: LanePool,
    team: any SearchTeam
  ) throws {
    let share = rows.share(of: team)
    lanes.each(share.count) { index, _ in
      let (block, places) = (
        rows.blocks[share.lowerBound + index], rows.places(of: share.lowerBound + index)
      )
      var products = Matrix(rows: block.rows, columns: 1)
      BLAS.multiply(block, by: centre, transposingB: true, into: &products)
      for (offset, row) in places.enumerated() {
        let distance = 1 - products.values[offset]
        let clipped = distance < CentreUpdate.resolution ? 0 : Double(distance)
        distances[row] = min(distances[row], clipped)
      }
    }
    try rows.exchange(distances, with: team)
  }
}
