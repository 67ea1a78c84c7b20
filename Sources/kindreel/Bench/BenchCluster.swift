import ArgumentParser
import Clustering
import Collective
import Coordinator
import Foundation
import Tensors

/// The command `kindreel bench cluster`.
struct BenchCluster: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Exact agglomerative clustering of unit rows around count/50 centres.",
    discussion: """
      Ranks share the searches: with --ranks 2, or under mpirun -n 2, each of them searches for half; of \
      centroid and median linkage while some thousand clusters are left. By linkages that need all \
      distances (complete, average of Euclidean ones) each rank computes all, and no rounds and searches \
      are counted.

      start_rss_bytes is what the process held before there were rows (the libraries, above all), and \
      peak_to_input how many times the size of the rows came on top of it at most, theirs included. \
      file_rss_bytes are those pages of the process that only show files, the program and its \
      libraries, as they are at the end; other processes share them. cpu_seconds is what all threads of \
      the process took together, in the median repetition. With --json also: count, width, linkage, \
      metric, ranks, lanes, seconds (the median; spread has the rest), rounds, searches and \
      peak_rss_bytes.
      """)

  @Option(help: "Rows; the default is 20000.")
  var count: Int?

  @Option(help: "Columns; the default is 128.")
  var width: Int?

  @Option(help: "Cluster the rows of this .npy file instead, float64 rounded to float32.")
  var rows: String?

  @OptionGroup var joining: LinkageOptions

  @OptionGroup var world: WorldOptions

  @OptionGroup var options: BenchOptions

  func validate() throws {
    let (count, width) = asked
    try BenchOptions.requirePositive([("count", count), ("width", width)])
    try BenchOptions.requireRoom(count, width)
    if let rows, self.count != nil || self.width != nil {
      throw ValidationError("--rows \(rows) has its own size; leave --count and --width out")
    }
  }

  /// The size of the rows that are made.
  private var asked: (count: Int, width: Int) { (count ?? 20_000, width ?? 128) }

  func run() throws {
    try reportingFailure {
      BLAS.useOneThread()
      FreedMemory.releaseAtOnce()
      let start = peakMemory
      let figures = try world.launch(deadline: 600) { try time($0, startMemory: start) }
      if let figures { try options.report("cluster", figures) }
    }
  }

  /// Clusters on every rank at once.
  private func time(
    _ communicator: Communicator, startMemory: Int
  ) throws -> [String: BenchFigure] {
    let pool = LanePool(count: world.lanesOfRank)
    var statistics: JoiningStatistics?
    var (count, width) = asked
    var processorTimes: [Double] = []
    let timing = try options.time {
      let matrix = try rows.map { try Npy.readMatrix($0) } ?? Self.clustered(count, width)
      (count, width) = (matrix.rows, matrix.columns)
      try communicator.barrier()
      return matrix
    } _: { (matrix: consuming Matrix) in
      let start = processorTime
      statistics =
        try Dendrogram(
          of: matrix, linkage: joining.linkage, metric: joining.metric, lanes: pool,
          team: RankTeam(communicator)
        ).statistics
      processorTimes.append(processorTime - start)
    }
    let input = max(count * width * 4, 1)
    return [
      "count": .integer(count), "width": .integer(width),
      "ranks": .integer(communicator.size), "lanes": .integer(pool.count),
      "linkage": .text(joining.linkage.rawValue), "metric": .text(joining.metric.rawValue),
      "rounds": .integer(statistics?.rounds ?? 0), "searches": .integer(statistics?.searches ?? 0),
      "seconds": .number(timing.median), "spread": .seconds(timing),
      "cpu_seconds": .number(Seconds(Array(processorTimes.dropFirst())).median),
      "peak_rss_bytes": .integer(peakMemory), "start_rss_bytes": .integer(startMemory),
      "file_rss_bytes": .integer(fileMemory),
      "peak_to_input": .number(Double(peakMemory - startMemory) / Double(input)),
    ]
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
