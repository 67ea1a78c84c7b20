internal import Tensors

/// Single linkage from a minimum spanning tree: its edges by length are the merges (Gower and Ross,
/// "Minimum spanning trees and single linkage cluster analysis", 1969).
///
/// Equally long edges merge in the order of their lowest rows.
struct SingleLinkage {
  private var joining: SumLinkage

  /// Prepares rows, whose copies are merged at once.
  init(_ space: consuming RowSpace, lanes: LanePool, team: any SearchTeam) {
    // Of rows alone, these are the distances of the two metrics, but for a root.
    let criterion: Criterion = space.metric == .cosine ? .cosine : .centroid
    joining = SumLinkage(consume space, criterion: criterion, lanes: lanes, team: team)
  }

  /// Merges until one cluster is left.
  consuming func run(
    progress: ClusteringProgress.Report?
  ) throws -> (MergeLog, JoiningStatistics) {
    try joining.compareAll(progress: progress)
    let edges = try SpanningTree(of: &joining, progress: progress).edges
      .sorted { $0.precedes($1) }
    let (clusters, criterion, unit) = (
      joining.store.clusters, joining.store.criterion, joining.store.unit
    )
    let statistics = joining.statistics
    var log = joining.log
    // Lists are not needed any more.
    _ = consume self
    var sets = DisjointSets(count: clusters.count)
    for edge in edges {
      let (one, other) = (sets.root(of: Int(edge.row)), sets.root(of: Int(edge.other)))
      let size = clusters[one].size + clusters[other].size
      let node = log.append(
        Int(clusters[one].node), Int(clusters[other].node),
        height: criterion.height(edge.similarity, unit: unit), size: Int(size))
      sets.join(one, other)
      clusters[min(one, other)] = Cluster(size: size, node: Int32(node))
    }
    return (log, statistics)
  }
}
