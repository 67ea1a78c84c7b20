// The only file of a training run that knows true classes: it compares, and steers nothing.
internal import Clustering
internal import Retrieval
internal import Video
internal import Worker

/// Compares pseudo labels with the class folders of a dataset that has them.
struct LabelReport {
  private let truth: TrueLabels?

  init(_ manifest: Manifest) {
    let labels = TrueLabels(classFoldersOf: manifest.samples.map(\.id))
    truth = labels.names.count > 1 ? labels : nil
  }

  /// Adds what the classes say of a clustering.
  func describe(_ outcome: Relabelling.Outcome) -> ClusterReport {
    var report = outcome.report
    guard let truth, !outcome.members.isEmpty else { return report }
    let quality = PartitionQuality(
      of: outcome.members.map { outcome.labels.fine[$0] },
      against: outcome.members.map { truth.classes[$0] })
    report.nmi = quality.nmi
    report.purity = quality.purity
    return report
  }
}
