internal import Clustering
internal import Tensors
internal import Worker

/// Turns the table of all embeddings into pseudo labels on two levels.
///
/// Fine clusters give positives, coarse ones that contain them protect likely positives from being
/// negatives (SLIC's `multiple_partition`).
struct Relabelling {
  let settings: LabelSettings
  /// The run's seed and the epoch name the draws of k-means.
  let seed: UInt64
  let epoch: Int
  let lanes: LanePool

  /// The labels by sample, and what led to them, over the samples in `members`.
  struct Outcome {
    let labels: PseudoLabels
    /// The tree, where the method makes one.
    let dendrogram: Dendrogram?
    /// The samples that were clustered; leaf i of the dendrogram is `members[i]`.
    let members: [Int]
    var report: ClusterReport
  }

  /// Clusters the readable samples' rows, one a sample; the others get no label.
  func callAsFunction(_ rows: Matrix, unreadable: Set<Int>) throws -> Outcome {
    let members = (0..<rows.rows).filter { sample in
      !unreadable.contains(sample) && rows.row(sample).contains { $0 != 0 }
    }
    let clock = ContinuousClock()
    let start = clock.now
    let (levels, dendrogram) = try clusters(of: rows.rows(members))
    var labels = PseudoLabels.none(rows.rows)
    for (leaf, sample) in members.enumerated() {
      labels.fine[sample] = levels.fine.labels[leaf]
      labels.coarse[sample] = levels.coarse.labels[leaf]
    }
    let report = ClusterReport(of: levels, seconds: (clock.now - start).seconds)
    return Outcome(labels: labels, dendrogram: dendrogram, members: members, report: report)
  }

  /// The partitions that the method finds, and the tree that they are cuts of, if there is one.
  private func clusters(of rows: Matrix) throws -> (TwoLevelPartition, Dendrogram?) {
    switch settings.method {
    case .agglomerative:
      let dendrogram = try Dendrogram(averageLinkageOf: rows, lanes: lanes)
      return (dendrogram.cut(settings.cut), dendrogram)
    case .finch:
      let finch = try Finch(of: rows, lanes: lanes)
      return (finch.levels(fine: settings.finch.fine, coarse: settings.finch.coarse), nil)
    case .kmeans:
      guard case .count(let fine) = settings.fine, case .count(let coarse) = settings.coarse else {
        preconditionFailure("k-means by \(settings.fine) and \(settings.coarse)")
      }
      let random = (0...1).map { level in
        RandomStream(seed: seed, purpose: .clustering, epoch: epoch, view: level)
      }
      let levels = try TwoLevelPartition(
        kMeansOf: rows, fine: fine, coarse: coarse, random: (random[0], random[1]), lanes: lanes)
      return (levels, nil)
    }
  }
}

extension Duration {
  /// The length in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
