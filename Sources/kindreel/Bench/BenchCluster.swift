import ArgumentParser
import Clustering
import Coordinator
import Foundation
import Tensors

/// The command `kindreel bench cluster`.
struct BenchCluster: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Exact agglomerative clustering of unit rows around count/50 centres.")

  @Option(help: "Rows.")
  var count = 20_000

  @Option(help: "Columns.")
  var width = 128

  @Option(help: "Compute threads.")
  var lanes = 2

  @Option(help: "Cluster the rows of this .npy file instead.")
  var rows: String?

  @OptionGroup var joining: LinkageOptions

  @OptionGroup var options: BenchOptions

  func run() throws {
    try reportingFailure {
      BLAS.useOneThread()
      let matrix = try rows.map { try Npy.readMatrix($0) } ?? Self.clustered(count, width)
      let pool = LanePool(count: lanes)
      let before = peakMemory
      var statistics: JoiningStatistics?
      let timing = try options.time {
        statistics =
          try Dendrogram(
            of: matrix, linkage: joining.linkage, metric: joining.metric, lanes: pool
          ).statistics
      }
      try options.report(
        "cluster",
        [
          "count": .integer(matrix.rows), "width": .integer(matrix.columns),
          "lanes": .integer(lanes), "linkage": .text(joining.linkage.rawValue),
          "metric": .text(joining.metric.rawValue), "rounds": .integer(statistics?.rounds ?? 0),
          "searches": .integer(statistics?.searches ?? 0),
          "seconds": .number(timing.median), "spread": .seconds(timing),
          "peak_rss_bytes": .integer(peakMemory), "rss_before_bytes": .integer(before),
        ])
    }
  }

  /// Unit rows around `count / 50` random centres in 20 groups.
  private static func clustered(_ count: Int, _ width: Int) -> Matrix {
    var random = RandomStream(seed: 0, purpose: .test)
    let groups = random.normals(20 * width)
    let centres = max(count / 50, 1)
    let offsets = random.normals(centres * width, deviation: 0.7)
    var values = random.normals(count * width, deviation: 0.4)
    for row in 0..<count {
      let centre = random.integer(below: centres)
      for column in 0..<width {
        values[row * width + column] +=
          groups[centre % 20 * width + column] + offsets[centre * width + column]
      }
    }
    return Matrix(rows: count, columns: width, values: values).unitRows()
  }
}
