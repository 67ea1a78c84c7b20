internal import Clustering

/// What one clustering of all embeddings found, as `metrics.jsonl` has it.
///
/// For people alone: nothing is steered by it.
struct ClusterReport: Sendable, Codable {
  let fineClusters: Int
  let coarseClusters: Int
  /// The share of the largest fine cluster.
  let largestShare: Double
  /// The share of samples alone in their fine cluster.
  let singletonShare: Double
  /// The time it took; nil once that was told.
  var seconds: Double?
  /// The adjusted Rand index of the fine labels to the labels before them, over the samples that
  /// have both; nil for the first.
  var ariToLast: Double?
  /// The share of those samples that are in another cluster than most of their fine cluster was.
  var churn: Double?
  /// The share of pairs of positives whose clips are cut from the same footage, where file names
  /// tell it; nil without positives.
  var siblingShare: Double?
  /// The fine clusters beside the true classes, where the layout tells them.
  var againstClasses: PartitionQuality?

  init(of levels: TwoLevelPartition, seconds: Double) {
    let sizes = levels.fine.sizes
    let total = Double(max(levels.fine.labels.count, 1))
    fineClusters = levels.fine.clusterCount
    coarseClusters = levels.coarse.clusterCount
    largestShare = Double(sizes.max() ?? 0) / total
    singletonShare = Double(sizes.count { $0 == 1 }) / total
    self.seconds = seconds
  }

  /// Forgets what is true of the epoch alone in which the clusters were found.
  mutating func forgetMaking() { (seconds, ariToLast, churn) = (nil, nil, nil) }

  /// The report as fields of an epoch's line; what is not known is left out.
  var fields: [String: MetricValue] {
    var fields: [String: MetricValue] = [
      "clusters": .integer(fineClusters), "coarse_clusters": .integer(coarseClusters),
      "largest_share": .number(largestShare), "singleton_share": .number(singletonShare),
    ]
    if let seconds { fields["cluster_seconds"] = .number(seconds) }
    if let ariToLast { fields["ari_to_last"] = .number(ariToLast) }
    if let churn { fields["label_churn"] = .number(churn) }
    if let siblingShare { fields["sibling_share"] = .number(siblingShare) }
    if let truth = againstClasses {
      fields["nmi"] = .number(truth.nmi)
      fields["ami"] = .number(truth.ami)
      fields["ari"] = .number(truth.ari)
      fields["purity"] = .number(truth.purity)
      fields["pair_precision"] = .number(truth.pairPrecision)
      fields["pair_recall"] = .number(truth.pairRecall)
    }
    return fields
  }
}
