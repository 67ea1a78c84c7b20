public import ArgumentParser
public import Clustering
import Coordinator
import Foundation
import Tensors

/// The command `kindreel cluster`.
struct Cluster: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Cluster the rows of a .npy file: exact average linkage on cosine distance.",
    discussion: """
      Writes SciPy's linkage matrix, float64 (N−1)×4: left, right, height, count. With --cut and \
      --labels, also a table of id and label; ids come from X.ids.tsv where it exists.
      """)

  @Argument(help: "Rows to cluster, float32 or float64 N×D.")
  var rows: String

  @Option(help: "The .npy file for the linkage matrix.")
  var out: String

  @Option(help: "Where to cut: height:0.24, count:101 or quantile:0.9.")
  var cut: CutRule?

  @Option(help: "The .tsv file for the labels of the cut.")
  var labels: String?

  @Option(help: "Compute threads; the default is all cores this process may use.")
  var lanes: Int?

  func validate() throws {
    guard (cut == nil) == (labels == nil) else {
      throw ValidationError("--cut and --labels go together")
    }
  }

  func run() throws {
    try reportingFailure {
      BLAS.useOneThread()
      let matrix = try Npy.readMatrix(rows)
      let pool = LanePool(count: lanes ?? ProcessInfo.processInfo.activeProcessorCount)
      let dendrogram = try Dendrogram(of: matrix, lanes: pool)
      try Npy.write(
        doubles: dendrogram.linkageMatrix, rows: dendrogram.merges.count, columns: 4, to: out)
      guard let cut, let labels else { return }
      let partition = dendrogram.cut(cut)
      let ids = try IdList.read(beside: rows, count: matrix.rows)
      let lines =
        ["id\tlabel"] + ids.enumerated().map { "\($0.element)\t\(partition.labels[$0.offset])" }
      try AtomicFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: labels)
      print("\(partition.clusterCount) clusters of \(matrix.rows) rows at \(cut)")
    }
  }
}

extension CutRule: ExpressibleByArgument {
  /// Reads `height:H`, `count:K` or `quantile:Q`.
  public init?(argument: String) { self.init(argument) }
}
