/// The curves of a report: what belongs together in one chart, and every other figure in one of its own.
struct ReportCharts {
  /// A chart with its words.
  struct Figure {
    let title: String
    let meaning: String
    let drawing: String
  }

  /// Figures that share a chart.
  private struct Group {
    let title: String
    let meaning: String
    let keys: [String]
  }

  private static let groups = [
    Group(title: "Loss", meaning: "mean over an epoch's steps", keys: ["loss"]),
    Group(title: "Learning rate", meaning: "at the epoch's last step", keys: ["learning_rate"]),
    Group(title: "Gradient norm", meaning: "mean over the steps", keys: ["gradient_norm"]),
    Group(
      title: "Clusters beside classes", meaning: "of the fine labels; nothing is steered by them",
      keys: ["nmi", "ami", "ari", "purity"]),
    Group(
      title: "Pairs of one cluster",
      meaning: "how many are of one class, and how many of those there are",
      keys: ["pair_precision", "pair_recall"]),
    Group(
      title: "Wrong pairs", meaning: "positives of another class, negatives of the same",
      keys: ["false_positive_share", "false_negative_share"]),
    Group(
      title: "Siblings",
      meaning: "positives from one footage: of clusters, and in the loss; own videos",
      keys: ["sibling_share", "sibling_positive_share", "own_video_share"]),
    Group(
      title: "Change of labels",
      meaning: "share that left its cluster; agreement with the labels before",
      keys: ["label_churn", "ari_to_last"]),
    Group(title: "Clusters", meaning: "fine and coarse", keys: ["clusters", "coarse_clusters"]),
    Group(
      title: "Sizes of clusters", meaning: "share of the largest, share of videos that are alone",
      keys: ["largest_share", "singleton_share"]),
    Group(
      title: "Directions", meaning: "in how many the embeddings vary; 1 is a collapse",
      keys: ["effective_rank"]),
    Group(
      title: "Largest axis", meaning: "its share of the variance", keys: ["largest_variance_share"]),
    Group(
      title: "Alignment and uniformity", meaning: "both are better lower (Wang and Isola)",
      keys: ["alignment", "uniformity"]),
    Group(
      title: "Hardness", meaning: "mean cosine of positives and of the negatives that are kept",
      keys: ["positive_similarity", "negative_similarity"]),
    Group(title: "Speed", meaning: "clips a second", keys: ["clips_per_second"]),
  ]

  let figures: [Figure]

  init(_ metrics: MetricsFile) {
    func points(_ key: String) -> Chart.Series {
      Chart.Series(
        name: key,
        points: metrics.lines.compactMap { line in
          line.numbers[key].map { (Double(line.epoch), $0) }
        })
    }
    func figure(_ title: String, _ meaning: String, _ series: [Chart.Series]) -> Figure? {
      guard series.contains(where: { !$0.points.isEmpty }) else { return nil }
      return Figure(title: title, meaning: meaning, drawing: Chart(series).svg)
    }
    var figures = Self.groups.compactMap { figure($0.title, $0.meaning, $0.keys.map(points)) }
    for name in Set(metrics.lines.flatMap(\.lists.keys)).sorted() {
      let known = metrics.lines.filter { $0.lists[name]?.isEmpty == false }
      guard let first = known.first, let last = known.last else { continue }
      let ends = first.epoch == last.epoch ? [last] : [first, last]
      let series = ends.map { line in
        Chart.Series(
          name: "epoch \(line.epoch)",
          points: (line.lists[name] ?? []).enumerated().map { (Double($0 + 1), $1) })
      }
      let title = name == "variance_spectrum" ? "Spectrum of variance" : name
      if let one = figure(title, "shares along the axes, the largest first", series) {
        figures.append(one)
      }
    }
    let known = Set(Self.groups.flatMap(\.keys))
    for key in Set(metrics.lines.flatMap(\.numbers.keys)).subtracting(known).sorted() {
      if let one = figure(key, "", [points(key)]) { figures.append(one) }
    }
    self.figures = figures
  }
}
