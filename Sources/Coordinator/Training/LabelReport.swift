// The only file of a training run that knows true classes: it compares, and steers nothing.
internal import Clustering
internal import Model
internal import Retrieval
internal import Video
internal import Worker

/// Compares pseudo labels with the labels before them, and with what a dataset's layout tells of
/// its clips: class folders and groups of clips from the same footage.
struct LabelReport {
  private let truth: TrueLabels?
  /// A number for every sample, shared by clips of the same footage; nil where no name tells it.
  private let groups: [Int32]?

  init(_ manifest: Manifest) {
    let labels = TrueLabels(classFoldersOf: manifest.samples.map(\.id))
    truth = labels.names.count > 1 ? labels : nil
    let isGrouped = manifest.samples.contains { $0.group != nil }
    let names = manifest.samples.map { $0.group.map { "group \($0)" } ?? "sample \($0.id)" }
    groups = isGrouped ? Partition(numbering: names).labels : nil
  }

  /// Counts what classes and footage say of pairs that a loss was made of.
  func count(_ pairs: PairSample, into shares: inout PairShares) {
    for pair in pairs.positives {
      shares.ownVideos.add(pair.query == pair.other)
      if let isOne = areOneClass(pair) { shares.falsePositives.add(!isOne) }
      if let groups, pair.query != pair.other {
        shares.siblings.add(groups[pair.query] == groups[pair.other])
      }
    }
    for pair in pairs.negatives {
      if let isOne = areOneClass(pair) { shares.falseNegatives.add(isOne) }
    }
  }

  /// Whether both samples are of one class; nil where one lies in no class folder.
  private func areOneClass(_ pair: PairSample.Pair) -> Bool? {
    guard let truth else { return nil }
    let (query, other) = (truth.classes[pair.query], truth.classes[pair.other])
    return query < 0 || other < 0 ? nil : query == other
  }

  /// Adds what classes, footage and earlier labels say of a clustering.
  func describe(_ outcome: Relabelling.Outcome, before: PseudoLabels) -> ClusterReport {
    var report = outcome.report
    let members = outcome.members
    guard !members.isEmpty else { return report }
    let fine = members.map { outcome.labels.fine[$0] }
    if let truth {
      let known = members.filter { truth.classes[$0] >= 0 }
      report.againstClasses = PartitionQuality(
        of: known.map { outcome.labels.fine[$0] }, against: known.map { truth.classes[$0] })
    }
    if let groups {
      let pairs = PairAgreement(of: fine, with: members.map { groups[$0] })
      report.siblingShare = pairs.pairsInClusters > 0 ? pairs.precision : nil
    }
    let both = members.filter { before.fine[$0] >= 0 }
    if !both.isEmpty {
      let toLast = PartitionQuality(
        of: both.map { outcome.labels.fine[$0] }, against: both.map { before.fine[$0] })
      report.ariToLast = toLast.ari
      report.churn = 1 - toLast.purity
    }
    return report
  }
}
