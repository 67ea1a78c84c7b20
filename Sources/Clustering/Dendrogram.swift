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
  ///
  /// By centroid or median linkage the merges are in the order in which they are made, and a height
  /// may fall below that of one of the two clusters.
  public let merges: [Merge]
  /// What the computation took; not part of equality.
  public let statistics: JoiningStatistics

  /// Wraps merges that satisfy `violation`.
  init(count: Int, merges: [Merge], statistics: JoiningStatistics = JoiningStatistics()) {
    self.count = count
    self.merges = merges
    self.statistics = statistics
  }

  /// Joins rows by exact agglomerative clustering.
  ///
  /// *Average* linkage on cosine distance, and *Ward*'s on Euclidean distance, follow from cluster
  /// sums, so no matrix of distances is needed. In rounds, every cluster's nearest is found, and all
  /// pairs that are each other's nearest are merged; both linkages are reducible, so this is the tree
  /// of the greedy order (Bruynooghe, "Classification ascendante hiérarchique des grands ensembles
  /// de données", 1978; Sumengen et al., "Scaling hierarchical agglomerative clustering to
  /// billion-sized datasets", 2021). Searches in single precision keep, for every cluster, its 16
  /// most similar others with bounds from above, and a bound on the rest; a union inherits bounds
  /// from its parts, so few clusters are searched for again. Decisions are made in double precision
  /// among those that the bounds leave, and ties go to the cluster with the lowest row. So the result
  /// depends neither on the number of lanes or ranks, nor on block sizes.
  ///
  /// *Centroid* and *median* linkage follow from sums or middles too, but a union may be nearer to a
  /// third cluster than its parts were, so the nearest pair of all is merged, again and again, as in
  /// SciPy; of equally near pairs the one with the lowest row, then with the lowest other row. A new
  /// cluster is compared with all others (Müllner, "Modern hierarchical, agglomerative clustering
  /// algorithms", 2011, section 3.1, there with all distances in memory).
  ///
  /// *Single* linkage follows from a minimum spanning tree, which takes the same searches
  /// (`SpanningTree`). *Complete* linkage, and average on Euclidean distance, keep all N(N − 1)/2
  /// distances. Equal rows are merged first, at height 0.
  ///
  /// - Parameters:
  ///   - rows: N·D; for cosine distance of any length but zero, unit length is not needed. Linkages that
  ///     do not keep all distances take their memory over.
  ///   - areKept: whether the caller keeps the rows, so that there must be memory for them once more.
  ///   - lanes: the threads that compute.
  ///   - team: ranks that share the searches; all call this with the same rows, and all get the same
  ///     dendrogram. Linkages that keep all distances are computed by each rank alone.
  ///   - memoryLimit: the bytes that may be taken besides the rows; what this process can still get, if nil.
  ///   - progress: told how far the clustering is, on the caller's thread.
  /// - Throws: `ClusteringError`: rows that are NaN or infinite, or zero where the metric is cosine;
  ///   distances, or what is kept for each row, that do not fit; a linkage that the metric does not suit.
  ///   And what the team throws.
  /// - Complexity: by sums and by single linkage O(N·D) memory: `rows` themselves, which are taken over, and
  ///   some 260 bytes a row; by centroid and median linkage once more as much as `rows`, for means; and once
  ///   more where the caller keeps them. Typically a little over N²·D multiplications, and O(N²·D) in the
  ///   worst case, but by centroid and median linkage (`SumLinkage.mergeNearest`), and by single linkage
  ///   (`SpanningTree`). Else O(N²·D).
  public init(
    of rows: consuming Matrix, areKept: Bool = false, linkage: Linkage = .average,
    metric: Metric = .cosine, lanes: LanePool,
    team: (any SearchTeam)? = nil, memoryLimit: Int? = nil,
    progress: ClusteringProgress.Report? = nil
  ) throws {
    let start = ContinuousClock.now
    if !linkage.needsAllDistances(on: metric) {
      try SumLinkage.checkMemory(
        rows: rows.rows, width: rows.columns, copied: areKept ? 4 : 0,
        keepsMeans: linkage.hasInversions, limit: memoryLimit)
    }
    try self.init(
      joining: RowSpace(consume rows, metric: metric), linkage, lanes, team ?? Alone(), memoryLimit,
      progress, since: start)
  }

  /// Clusters rows in double precision, of which nothing is rounded away; by Ward, centroid and median
  /// linkage they are rounded to doubles about their mean.
  ///
  /// - Parameters: as above.
  /// - Throws: as above.
  /// - Complexity: as above, but by sums twice the memory of `rows`, half of which is let go of before
  ///   anything is compared.
  public init(
    of rows: consuming DoubleMatrix, linkage: Linkage = .average, metric: Metric = .cosine,
    lanes: LanePool, memoryLimit: Int? = nil,
    progress: ClusteringProgress.Report? = nil
  ) throws {
    let start = ContinuousClock.now
    if !linkage.needsAllDistances(on: metric) {
      try SumLinkage.checkMemory(
        rows: rows.rows, width: rows.columns, copied: 8, keepsMeans: linkage.hasInversions,
        limit: memoryLimit)
    }
    let isCentred = linkage.criterion(on: metric) != nil
    try self.init(
      joining: RowSpace(consume rows, metric: metric, isCentred: isCentred), linkage, lanes,
      Alone(), memoryLimit, progress, since: start)
  }

  private init(
    joining space: consuming RowSpace, _ linkage: Linkage, _ lanes: LanePool,
    _ team: any SearchTeam, _ memoryLimit: Int?, _ progress: ClusteringProgress.Report?,
    since start: ContinuousClock.Instant
  ) throws {
    let count = space.rows.rows
    // What a linkage keeps while it runs is gone before the merges are sorted.
    var (log, statistics) = try Self.join(
      consume space, linkage, lanes, team, memoryLimit, progress)
    statistics.seconds = (ContinuousClock.now - start) / .seconds(1)
    self.init(count: count, merges: log.sorted(), statistics: statistics)
  }

  private static func join(
    _ space: consuming RowSpace, _ linkage: Linkage, _ lanes: LanePool, _ team: any SearchTeam,
    _ memoryLimit: Int?, _ progress: ClusteringProgress.Report?
  ) throws -> (MergeLog, JoiningStatistics) {
    let (metric, count) = (space.metric, space.rows.rows)
    guard linkage.isDefined(on: metric) else {
      throw ClusteringError(fault: .unsuited(linkage, metric), rows: [], count: count)
    }
    if let criterion = linkage.criterion(on: metric) {
      var joining = SumLinkage(consume space, criterion: criterion, lanes: lanes, team: team)
      try joining.run(progress: progress)
      return (joining.log, joining.statistics)
    }
    if linkage.needsAllDistances(on: metric) {
      var joining = try CondensedLinkage(
        space, linkage: linkage, lanes: lanes, memoryLimit: memoryLimit,
        progress: progress)
      return (joining.run(progress: progress), JoiningStatistics())
    }
    return try SingleLinkage(consume space, lanes: lanes, team: team).run(progress: progress)
  }
}

extension Dendrogram: Equatable {
  /// Whether two dendrograms have the same merges in the same order, heights bit by bit.
  public static func == (one: Dendrogram, other: Dendrogram) -> Bool {
    one.count == other.count && one.merges == other.merges
  }
}
