import ArgumentParser
import Coordinator
import Foundation
import Retrieval
import Tensors

/// The command `kindreel bench search`.
struct BenchSearch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Exact nearest neighbours of random unit rows.",
    discussion: """
      With --json: count, queries, width, top, lanes, seconds (the median; spread has the rest), \
      queries_per_second and peak_rss_bytes.
      """)

  @Option(help: "Rows of the gallery.")
  var count = 100_000

  @Option(help: "Queries.")
  var queries = 10_000

  @Option(help: "Columns.")
  var width = 512

  @Option(help: "Neighbours a query.")
  var top = 10

  @Option(help: "Compute threads; the default is all cores this process may use.")
  var lanes: Int?

  @OptionGroup var options: BenchOptions

  func validate() throws {
    try BenchOptions.requirePositive([
      ("count", count), ("queries", queries), ("width", width), ("top", top), ("lanes", lanes ?? 1),
    ])
    try BenchOptions.requireRoom(count, width)
    try BenchOptions.requireRoom(queries, width)
  }

  func run() throws {
    BLAS.useOneThread()
    var random = RandomStream(seed: 0, purpose: .test)
    func rows(_ count: Int) -> Matrix {
      Matrix(rows: count, columns: width, values: random.normals(count * width)).unitRows()
    }
    let (gallery, asked) = (rows(count), rows(queries))
    let pool = LanePool(count: lanes ?? LanePool.cores)
    let timing = options.time {
      _ = NearestNeighbors.search(top, for: asked, in: gallery, lanes: pool)
    }
    try options.report(
      "search",
      [
        "count": .integer(count), "queries": .integer(queries), "width": .integer(width),
        "top": .integer(top), "lanes": .integer(pool.count), "seconds": .number(timing.median),
        "spread": .seconds(timing), "queries_per_second": .number(Double(queries) / timing.median),
        "peak_rss_bytes": .integer(peakMemory),
      ])
  }
}
