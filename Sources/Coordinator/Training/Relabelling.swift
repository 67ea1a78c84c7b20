internal import Clustering
internal import Collective
internal import Tensors
internal import Worker

/// Turns the table of all embeddings into pseudo labels on two levels.
///
/// Fine clusters give positives, coarse ones that contain them protect likely positives from being
/// negatives (SLIC's `multiple_partition`).
///
/// All ranks have all rows and come to the same outcome: they share the searches of clustering, or
/// take rank 0's word where all distances are kept, which is once.
struct Relabelling {
  let settings: LabelSettings
  /// The run's seed and the epoch name the draws of k-means.
  let seed: UInt64
  let epoch: Int
  let lanes: LanePool
  let communicator: Communicator
  /// The ids of the samples, for messages.
  let ids: [String]
  /// Whether somebody else keeps the rows, too.
  var rowsAreKept = false
  /// Told how far the clustering is.
  var progress: ClusteringProgress.Report?

  /// The labels by sample, and what led to them, over the samples in `members`.
  struct Outcome {
    let labels: PseudoLabels
    /// The tree, where the method makes one; on rank 0 at least.
    let dendrogram: Dendrogram?
    /// The samples that were clustered; leaf i of the dendrogram is `members[i]`.
    let members: [Int]
    /// The readable samples whose rows are zeros, which have no direction and so no label.
    var directionless: [Int] = []
    var report: ClusterReport
  }

  /// Clusters the readable samples' rows, one a sample; the others get no label.
  ///
  /// - Throws: `DatasetError` naming samples whose rows cannot be clustered; `ReplicaError` if ranks
  ///   disagree.
  func callAsFunction(_ rows: consuming Matrix, unreadable: Set<Int>) throws -> Outcome {
    let clock = ContinuousClock()
    let start = clock.now
    var labels = PseudoLabels.none(rows.rows)
    let members = Self.members(of: rows, unreadable: unreadable)
    // Most often these are all, and one copy of the rows is enough.
    let chosen = members.count == rows.rows ? rows : rows.rows(members)
    let (levels, dendrogram) =
      isShared
      ? try findTogether(consume chosen, members) : try findAtRoot(consume chosen, members)
    for (leaf, sample) in members.enumerated() {
      labels.fine[sample] = levels.fine.labels[leaf]
      labels.coarse[sample] = levels.coarse.labels[leaf]
    }
    let report = ClusterReport(of: levels, seconds: (clock.now - start).seconds)
    let others = Set(labels.fine.indices).subtracting(members).subtracting(unreadable)
    return Outcome(
      labels: labels, dendrogram: dendrogram, members: members, directionless: others.sorted(),
      report: report)
  }

  private static func members(of rows: Matrix, unreadable: Set<Int>) -> [Int] {
    (0..<rows.rows).filter { sample in
      !unreadable.contains(sample) && rows.row(sample).contains { $0 != 0 }
    }
  }

  /// Whether all ranks have a share; else rank 0 computes for all.
  private var isShared: Bool {
    settings.method != .agglomerative || settings.linkage.sharesSearches(on: settings.metric)
  }

  private func findTogether(
    _ rows: consuming Matrix, _ members: [Int]
  ) throws -> (TwoLevelPartition, Dendrogram?) {
    let found = try find(in: consume rows, members, team: RankTeam(communicator))
    try compare(found.0, found.1)
    return found
  }

  /// Gives every rank what rank 0 finds; the tree stays there.
  private func findAtRoot(
    _ rows: consuming Matrix, _ members: [Int]
  ) throws -> (TwoLevelPartition, Dendrogram?) {
    var tree: Dendrogram?
    var given: Matrix? = consume rows
    let labels = try communicator.decide(gathering: [UInt8]()) { _ in
      guard let rows = given.take() else { preconditionFailure("rows are clustered once") }
      let (levels, found) = try find(in: rows, members, team: nil)
      tree = found
      return levels.fine.labels + levels.coarse.labels
    }
    let levels = TwoLevelPartition(
      fine: Partition(numbering: Array(labels.prefix(members.count))),
      coarse: Partition(numbering: Array(labels.suffix(members.count))))
    return (levels, tree)
  }

  /// The partitions that the method finds, and the tree that they are cuts of, if there is one.
  private func find(
    in rows: consuming Matrix, _ members: [Int], team: RankTeam?
  ) throws -> (TwoLevelPartition, Dendrogram?) {
    do {
      switch settings.method {
      case .agglomerative:
        let tree = try Dendrogram(
          of: rows, areKept: rowsAreKept, linkage: settings.linkage, metric: settings.metric,
          lanes: lanes, team: team, progress: progress)
        return (tree.cut(settings.cut), tree)
      case .finch:
        let points = copy rows
        let finch = try Finch(of: rows, lanes: lanes, team: team, progress: progress)
        let asked = settings.finch
        guard asked.fineCount > 0 else {
          return (finch.levels(fine: asked.fine, coarse: asked.coarse), nil)
        }
        func join() -> TwoLevelPartition {
          finch.levels(of: points, fine: asked.fineCount, coarse: asked.coarseCount)
        }
        return (try team?.work(join) ?? join(), nil)
      case .kmeans:
        return (try kMeans(of: rows, team: team), nil)
      }
    } catch let error as ClusteringError {
      throw DatasetError(description: error.description { ids[members[$0]] }, code: error.code)
    }
  }

  private func kMeans(of rows: Matrix, team: RankTeam?) throws -> TwoLevelPartition {
    guard case .count(let fine) = settings.fine, case .count(let coarse) = settings.coarse else {
      preconditionFailure("k-means by \(settings.fine) and \(settings.coarse)")
    }
    let random = (0...1).map { level in
      RandomStream(seed: seed, purpose: .clustering, epoch: epoch, view: level)
    }
    return try TwoLevelPartition(
      kMeansOf: rows, fine: fine, coarse: coarse, random: (random[0], random[1]), lanes: lanes,
      team: team, progress: progress)
  }

  /// Ranks that found other clusters are an invariant broken.
  private func compare(_ levels: TwoLevelPartition, _ dendrogram: Dendrogram?) throws {
    var hash = ContentHash()
    hash.update(levels.fine.labels + levels.coarse.labels)
    if let dendrogram { hash.update(dendrogram.linkageMatrix) }
    let differing = try communicator.allEqual(
      hash: UInt64(hash.hexadecimal.prefix(16), radix: 16) ?? 0)
    guard differing.isEmpty else {
      throw ReplicaError(
        description: "the clusters of ranks \(differing.map(\.rank)) differ from rank 0's at epoch "
          + "\(epoch + 1)")
    }
  }
}

extension Relabelling.Outcome {
  /// Labels that were given, not found.
  init(_ labels: PseudoLabels) {
    let members = labels.fine.indices.filter { labels.fine[$0] >= 0 }
    let levels = TwoLevelPartition(
      fine: Partition(numbering: members.map { labels.fine[$0] }),
      coarse: Partition(numbering: members.map { labels.coarse[$0] }))
    self.init(
      labels: labels, dendrogram: nil, members: members,
      report: ClusterReport(of: levels, seconds: 0))
  }
}

extension Duration {
  /// The length in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
