import ArgumentParser
import Clustering
import Coordinator
import Foundation
import Tensors

/// The command `kindreel cluster`.
struct Cluster: ParsableCommand, RunsAlone {
  static let configuration = CommandConfiguration(
    abstract: "Cluster the rows of a .npy file by exact agglomerative clustering.",
    discussion: """
      Writes what is asked for, at least one of these:

        --out Z.npy     SciPy's linkage matrix, (N−1)×4: left, right, height, count
        --labels L.tsv  id and label at the cut; id, fine, coarse for two levels
        --newick T.nwk  the tree for phylogeny programs; lengths: differences of heights
        --svg T.svg     a picture of the top merges, coloured at the cut

      Two clusters merge at a height that follows from the distances of their rows:

        --linkage average   their mean
        --linkage ward      growth of the squared distances to the mean, as in SciPy
        --linkage single    the least
        --linkage complete  the greatest
        --linkage centroid  the distance of their means
        --linkage median    that of their middles, a union's lying halfway between its parts'
        --metric cosine     1 − cosine, 0…2
        --metric euclidean  the length of the difference; ward, centroid and median need it

      By centroid and median linkage a merge may be lower than those that made its clusters, as in \
      SciPy. Cuts then take it for as high as the highest merge below it, as fcluster does, and so \
      does the Newick tree. They compare each new cluster with all others, so they take longer.

      A cut is one of

        height:0.24     merges up to this height hold
        count:101       this many clusters
        quantile:0.9    this share of the merges holds, the lowest first, and all of equal rows
        gap, gap:20     the widest gap that leaves 2, or 20, clusters or more
        FINE/COARSE     two of these, as in count:200/count:60: two levels; a coarse cut below the \
      fine one is refused (exit code 64, or 78 where only the tree tells)

      Ids come from --ids, or else from X.ids.tsv beside X.npy where it exists (kindreel embed writes \
      it), and are row numbers otherwise. Rows may come through a pipe:

        zcat rows.npy.gz | kindreel cluster - --ids rows.ids.tsv --cut count:200 --labels L.tsv

      Rows of NaN or infinities, and rows of zeros where the metric is cosine, \
      cannot be clustered: they are named, and nothing is written (exit code 65).

      Memory is that of the rows and some 260 bytes for each (rows of float64: twice theirs). Complete \
      linkage, and average linkage on euclidean distance, need all distances, 4·N² bytes. Where that does \
      not fit, nor the rows or their means, the command says so and ends before it takes any (exit code 78).

      --json prints one object: rows, width, linkage, metric, merges, rounds, seconds, \
      peak_rss_bytes, root_height, and with a cut also cut, clusters, largest_share, \
      singleton_share, and coarse_clusters for two levels.
      """)

  @Argument(help: "Rows to cluster, N×D in float32 or float64: a .npy file or pipe; - is input.")
  var rows: String

  @Option(help: "The ids of the rows, in the form of X.ids.tsv.")
  var ids: String?

  @Option(help: "The .npy file for the linkage matrix.")
  var out: String?

  @OptionGroup var joining: LinkageOptions

  @OptionGroup var cuts: CutOptions

  @Option(help: "The .tsv file for the labels of the cut.")
  var labels: String?

  @Option(help: "The file for the tree in Newick's format.")
  var newick: String?

  @Option(
    help: "The file for the picture of the tree, with the fine clusters, if over 256 the coarse.")
  var svg: String?

  @Flag(help: "Print a summary as one line of JSON.")
  var json = false

  @Option(help: "Compute threads; the default is all cores this process may use.")
  var lanes: Int?

  func validate() throws {
    try checkThreads("lanes", lanes)
    guard outputs.count > 0 else {
      throw ValidationError("nothing to write: give --out, --labels, --newick or --svg")
    }
    let files = outputs + [rows, IdList.path(beside: rows)] + [ids].compactMap { $0 }
    let named = ids == IdList.path(beside: rows) ? files.dropLast() : files[...]
    guard Set(named.map(OutputPath.resolved)).count == named.count else {
      throw ValidationError("two of the files are the same; each output needs a file of its own")
    }
    if labels != nil && cuts.cut == nil { throw ValidationError("--labels needs --cut") }
    if cuts.cut != nil && labels == nil && svg == nil && !json {
      throw ValidationError("--cut needs --labels, --svg or --json, to show what it cuts")
    }
  }

  private var outputs: [String] { [out, labels, newick, svg].compactMap { $0 } }

  func run() throws {
    try reportingFailure {
      BLAS.useOneThread()
      FreedMemory.releaseAtOnce()
      for path in outputs { try OutputPath.check(path) }
      let progress = ClusterProgress()
      defer { progress.clear() }
      // Before a pipe is used up.
      let list = try ids.map { try WholeFile.text($0) }
      let given = try Npy.readRows(rows) { progress.show(read: $0) }
      let width = given.columns
      let ids =
        if let list, let ids { try IdList.read(list, in: ids, of: rows, count: given.count) } else {
          try IdList.read(beside: rows, count: given.count)
        }
      let dendrogram = try tree(of: consume given, ids: ids, progress)
      progress.clear()
      try cuts.check(dendrogram)
      let levels = cuts.levels.map { dendrogram.cut($0) }
      try write(dendrogram, levels, ids: ids)
      let summary = ClusterSummary(
        dendrogram, width: width, joining: joining, cut: cuts.cut, levels: levels)
      if json { try printJSON(summary.fields) } else { summary.text.map { print($0) } }
    }
  }

  /// Joins the rows and shows how far it is.
  private func tree(
    of given: consuming Npy.Rows, ids: [String], _ progress: ClusterProgress
  ) throws -> Dendrogram {
    let pool = LanePool(count: lanes ?? LanePool.cores)
    progress.begin(rows: given.count)
    do {
      switch consume given {
      case .single(let matrix):
        return try Dendrogram(
          of: matrix, linkage: joining.linkage, metric: joining.metric, lanes: pool
        ) { progress.show($0) }
      case .double(let matrix):
        return try Dendrogram(
          of: matrix, linkage: joining.linkage, metric: joining.metric, lanes: pool
        ) { progress.show($0) }
      }
    } catch let error as ClusteringError {
      throw NamedRows(error, of: rows, ids: ids)
    }
  }

  /// The clusters that a picture has room for: the fine ones, or else the coarse ones if there are.
  private func shown(_ levels: TwoLevelPartition) -> Partition {
    let isRoom = levels.fine.clusterCount <= DendrogramPicture.mostClusters
    return isRoom || !cuts.isTwoLevel ? levels.fine : levels.coarse
  }

  private func write(
    _ tree: Dendrogram, _ levels: TwoLevelPartition?, ids: [String]
  ) throws {
    if let out {
      try Npy.write(doubles: tree.linkageMatrix, rows: tree.merges.count, columns: 4, to: out)
    }
    if let labels, let levels {
      let lines = LabelTable(ids: ids, levels: levels, isTwoLevel: cuts.isTwoLevel).text
      try AtomicFile.write(Data(lines.utf8), to: labels)
    }
    if let newick { try AtomicFile.write(Data(tree.newick(names: ids).utf8), to: newick) }
    if let svg {
      let name = URL(fileURLWithPath: rows).lastPathComponent
      let picture = DendrogramPicture(
        of: tree, names: ids, title: "\(name), \(joining.linkage.rawValue) linkage",
        axis: "height: \(joining.distance) of the two clusters that merge",
        partition: levels.map(shown), marks: cuts.marks(of: tree))
      try AtomicFile.write(Data(picture.svg.utf8), to: svg)
    }
  }
}
