public import Tensors

/// The tree of all merges of an agglomerative clustering; every cut of it is a partition.
public struct Dendrogram: Sendable {
  /// Two clusters becoming one.
  ///
  /// Ids below the number of rows are rows; id `count + i` is the cluster that merge i made.
  public struct Merge: Sendable, Equatable {
    /// The lower id of the two clusters.
    public let left: Int
    /// The higher id of the two clusters.
    public let right: Int
    /// The distance at which they met.
    public let height: Double
    /// The number of rows in the new cluster.
    public let count: Int

    init(_ one: Int, _ other: Int, height: Double, count: Int) {
      left = min(one, other)
      right = max(one, other)
      self.height = height
      self.count = count
    }
  }

  /// The number of rows, N.
  public let count: Int
  /// The N − 1 merges, lowest first; a cluster is made before it is merged further.
  public let merges: [Merge]
  /// What the computation took; not part of equality.
  public let statistics: JoiningStatistics

  /// Wraps merges that satisfy `violation`.
  init(count: Int, merges: [Merge], statistics: JoiningStatistics = JoiningStatistics()) {
    self.count = count
    self.merges = merges
    self.statistics = statistics
  }

  /// Joins rows by exact average linkage on cosine distance.
  public init(
    of rows: Matrix, linkage: Linkage = .average, metric: Metric = .cosine, lanes: LanePool,
    team: (any SearchTeam)? = nil, progress: (@Sendable (_ clustersLeft: Int) -> Void)? = nil
  ) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let space = try RowSpace(rows, metric: metric)
    var joining = SumLinkage(
      space, criterion: linkage == .ward ? .ward : .cosine, lanes: lanes, team: team ?? Alone())
    try joining.run(progress: progress)
    var statistics = joining.statistics
    statistics.seconds = (clock.now - start) / .seconds(1)
    self.init(count: rows.rows, merges: joining.log.sorted(), statistics: statistics)
  }
}

extension Dendrogram: Equatable {
  /// Whether two dendrograms have the same merges in the same order, heights bit by bit.
  public static func == (one: Dendrogram, other: Dendrogram) -> Bool {
    one.count == other.count && one.merges == other.merges
  }
}
