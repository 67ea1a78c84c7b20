import Clustering
import Coordinator

/// What `kindreel cluster` says when it is done.
struct ClusterSummary {
  /// One line for people; nil where nothing was cut.
  let text: String?
  /// The same and more for programs.
  let fields: [String: MetricValue]

  init(
    _ tree: Dendrogram, width: Int, joining: LinkageOptions, cut: CutArgument?,
    levels: TwoLevelPartition?
  ) {
    var fields: [String: MetricValue] = [
      "rows": .integer(tree.count), "width": .integer(width),
      "linkage": .text(joining.linkage.rawValue), "metric": .text(joining.metric.rawValue),
      "merges": .integer(tree.merges.count), "rounds": .integer(tree.statistics.rounds),
      "seconds": .number(tree.statistics.seconds), "peak_rss_bytes": .integer(peakMemory),
      "root_height": .number(tree.merges.last?.height ?? 0),
    ]
    var text: String?
    if let cut, let levels {
      let sizes = levels.fine.sizes
      let total = Double(max(tree.count, 1))
      fields["cut"] = .text("\(cut)")
      fields["clusters"] = .integer(levels.fine.clusterCount)
      fields["largest_share"] = .number(Double(sizes.max() ?? 0) / total)
      fields["singleton_share"] = .number(Double(sizes.count { $0 == 1 }) / total)
      var clusters = "\(levels.fine.clusterCount) clusters"
      if cut.coarse != nil {
        fields["coarse_clusters"] = .integer(levels.coarse.clusterCount)
        clusters += " in \(levels.coarse.clusterCount) coarse ones"
      }
      text = "\(clusters) of \(tree.count) rows at \(cut)"
    }
    self.text = text
    self.fields = fields
  }
}

/// The labels of a cut, keyed by id.
struct LabelTable {
  let ids: [String]
  let levels: TwoLevelPartition
  let isTwoLevel: Bool

  /// Tab-separated lines with a header.
  var text: String {
    var lines = [isTwoLevel ? "id\tfine\tcoarse" : "id\tlabel"]
    lines.reserveCapacity(ids.count + 1)
    for (row, id) in ids.enumerated() {
      let label = "\(id)\t\(levels.fine.labels[row])"
      lines.append(isTwoLevel ? "\(label)\t\(levels.coarse.labels[row])" : label)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
