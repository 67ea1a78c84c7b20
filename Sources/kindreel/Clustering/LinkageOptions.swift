public import ArgumentParser
public import Clustering

/// How rows are joined.
struct LinkageOptions: ParsableArguments {
  @Option(help: "How the distance of two clusters follows from those of rows.")
  var linkage = Linkage.average

  @Option(help: "The distance of two rows.")
  var metric = Metric.cosine

  func validate() throws {
    if let problem = linkage.problem(on: metric) {
      throw ValidationError(
        "--linkage \(linkage.rawValue) --metric \(metric.rawValue): \(problem)")
    }
  }

  /// What the height of a merge is, in words.
  var distance: String {
    switch linkage {
    case .average: "mean \(metric.rawValue) distance"
    case .ward: "Ward's \(metric.rawValue) distance"
    case .single: "least \(metric.rawValue) distance"
    case .complete: "greatest \(metric.rawValue) distance"
    case .centroid: "\(metric.rawValue) distance of the means"
    case .median: "\(metric.rawValue) distance of the middles"
    }
  }
}

extension Linkage: ExpressibleByArgument {}

extension Metric: ExpressibleByArgument {}
