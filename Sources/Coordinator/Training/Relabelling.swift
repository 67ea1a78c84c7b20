internal import Clustering
internal import Collective
internal import Tensors
internal import Worker

/// What one clustering of all embeddings found.
struct ClusterReport: Codable, Sendable {
  var fineClusters = 0
  var coarseClusters = 0
  /// The share of the largest fine cluster.
  var largestShare = 0.0
  /// The share of samples alone in their fine cluster.
  var singletonShare = 0.0
  /// Normalised mutual information with the true classes, where the layout tells them: for people
  /// alone, nothing is steered by it.
  var nmi: Double?
  var purity: Double?
  var seconds = 0.0
}

/// Turns the table of all embeddings into pseudo labels: dendrogram, two cuts.
///
/// The fine cut gives positives, the coarse cut of the same dendrogram protects likely positives
/// from being negatives (SLIC's `multiple_partition`).
///
/// All ranks have all rows, share the searches, and come to the same outcome.
struct Relabelling {
  let settings: LabelSettings
  let lanes: LanePool
  let communicator: Communicator
  /// The ids of the samples, for messages.
  let ids: [String]
  /// Told how many clusters are left.
  var progress: (@Sendable (_ clustersLeft: Int) -> Void)?

  /// The labels by sample, and the dendrogram over the samples in `members`.
  struct Outcome {
    let labels: PseudoLabels
    let dendrogram: Dendrogram
    /// The samples that were clustered; leaf i of the dendrogram is `members[i]`.
    let members: [Int]
    var report: ClusterReport
  }

  /// Clusters the readable samples' rows, one a sample; the others get no label.
  ///
  /// - Throws: `DatasetError` naming samples whose rows cannot be clustered; `ReplicaError` if ranks
  ///   disagree.
  func callAsFunction(_ rows: Matrix, unreadable: Set<Int>) throws -> Outcome {
    let members = (0..<rows.rows).filter { sample in
      !unreadable.contains(sample) && rows.row(sample).contains { $0 != 0 }
    }
    let clock = ContinuousClock()
    let start = clock.now
    let dendrogram = try dendrogram(of: rows.rows(members), members)
    let fine = dendrogram.cut(settings.fine)
    let coarse = dendrogram.cut(settings.coarse)
    var labels = PseudoLabels.none(rows.rows)
    for (leaf, sample) in members.enumerated() {
      labels.fine[sample] = fine.labels[leaf]
      labels.coarse[sample] = coarse.labels[leaf]
    }
    let sizes = fine.sizes
    let total = Double(max(members.count, 1))
    let report = ClusterReport(
      fineClusters: fine.clusterCount, coarseClusters: coarse.clusterCount,
      largestShare: Double(sizes.max() ?? 0) / total,
      singletonShare: Double(sizes.count { $0 == 1 }) / total,
      seconds: (clock.now - start).seconds)
    return Outcome(labels: labels, dendrogram: dendrogram, members: members, report: report)
  }

  private func dendrogram(of rows: Matrix, _ members: [Int]) throws -> Dendrogram {
    let result: Dendrogram
    do {
      result = try Dendrogram(
        of: rows, lanes: lanes, team: RankTeam(communicator: communicator), progress: progress)
    } catch let error as ClusteringError {
      throw DatasetError(
        description: error.description { ids[members[$0]] }, code: error.code)
    }
    let hash = UInt64(ContentHash.of(result.linkageMatrix).prefix(16), radix: 16) ?? 0
    let differing = try communicator.allEqual(hash: hash)
    guard differing.isEmpty else {
      throw ReplicaError(
        description: "the dendrograms of ranks \(differing.map(\.rank)) differ from rank 0's")
    }
    return result
  }
}

extension Duration {
  /// The length in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
