public import Tensors

/// Spherical k-means: clusters around directions, so that the cosines to them add up to the most.
///
/// Dhillon and Modha, "Concept decompositions for large sparse text data using clustering", Machine
/// Learning 42 (2001), section 3.1: a row goes to the centre most similar to it, and a centre is the
/// direction of the sum of its unit rows, in turn until nothing changes. Products are blocked by
/// rows, sums run in row order, and ties go to the lowest centre, so the result does not depend on
/// the number of lanes or ranks.
public struct SphericalKMeans: Sendable, Equatable {
  /// The clusters; fewer than centres where some stayed empty.
  public let partition: Partition
  /// The unit centres that the rows were last compared with, k·D.
  public let centres: Matrix
  /// The place in `centres` of every row's centre.
  public let assignments: [Int32]
  /// The mean cosine of the rows to their centres, by weight; 0 without rows.
  public let cohesion: Double
  /// How often the rows were compared with the centres.
  public let rounds: Int

  /// Clusters rows from centres drawn by k-means++.
  ///
  /// - Parameters:
  ///   - rows: N·D, of any length but zero.
  ///   - clusters: k, at least 1; above N it means N.
  ///   - weights: how much each row counts, above 0; nil for 1 each.
  ///   - random: the stream that seeding draws from.
  ///   - maximumRounds: where to stop if assignments still change.
  ///   - lanes: the threads that compute.
  ///   - team: ranks that share the comparisons; all call this with the same rows and stream, and all get the
  ///     same clusters, on machines of different kinds, too.
  ///   - progress: told of every centre drawn and every round, on the caller's thread.
  /// - Throws: `ClusteringError` naming all rows that are zero, or NaN or infinite. And what the team throws.
  /// - Complexity: O(N·D + k·D) memory, N·k·D multiplications for the seeding and for every round.
  public init(
    of rows: Matrix, clusters: Int, weights: [Double]? = nil, random: RandomStream,
    maximumRounds: Int = 100, lanes: LanePool, team: (any SearchTeam)? = nil,
    progress: ClusteringProgress.Report? = nil
  ) throws {
    precondition(clusters >= 1, "k-means cannot make \(clusters) clusters")
    let (points, team) = (try WeightedRows(rows, weights: weights), team ?? Alone())
    let seeding = try KMeansSeeding(
      points, clusters: clusters, random: random, lanes: lanes, team: team, progress: progress)
    try self.init(
      points, centres: seeding.centres, maximumRounds: maximumRounds, lanes: lanes, team: team,
      progress: progress)
  }

  /// Clusters rows from given centres, k·D, none of them zero.
  ///
  /// - Throws: `ClusteringError` naming all rows, or else all centres, that are zero, or NaN or
  ///   infinite.
  public init(
    of rows: Matrix, centres: Matrix, weights: [Double]? = nil, maximumRounds: Int = 100,
    lanes: LanePool
  ) throws {
    precondition(
      centres.columns == rows.columns && (centres.rows > 0 || rows.rows == 0),
      "\(centres.rows)×\(centres.columns) centres for \(rows.rows)×\(rows.columns) rows")
    let points = try WeightedRows(rows, weights: weights)
    _ = try RowSpace(centres, metric: .cosine)
    try self.init(
      points, centres: centres.unitRows(), maximumRounds: maximumRounds, lanes: lanes,
      team: Alone())
  }

  private init(
    _ points: WeightedRows, centres: Matrix, maximumRounds: Int, lanes: LanePool,
    team: any SearchTeam, progress: ClusteringProgress.Report? = nil
  ) throws {
    precondition(maximumRounds >= 1, "k-means cannot work in \(maximumRounds) rounds")
    var centres = centres
    var assignment = try CentreAssignment(of: points, to: centres, lanes: lanes, team: team)
    var rounds = 1
    while rounds < maximumRounds {
      let updated = CentreUpdate(of: centres, from: points, assignment: assignment, lanes: lanes)
        .centres
      let next = try CentreAssignment(of: points, to: updated, lanes: lanes, team: team)
      rounds += 1
      let moved = zip(next.places, assignment.places).count { $0 != $1 }
      (centres, assignment) = (updated, next)
      progress?(.assigning(centres: centres.rows, round: rounds, moved: moved))
      if moved == 0 { break }
    }
    self.centres = centres
    self.rounds = rounds
    assignments = assignment.places
    partition = Partition(numbering: assignment.places)
    let total = points.weights.reduce(0, +)
    let sum = zip(points.weights, assignment.similarities).reduce(0) { $0 + $1.0 * Double($1.1) }
    cohesion = total > 0 ? sum / total : 0
  }
}
