/// What it took to compute a dendrogram; the dendrogram itself does not depend on it.
public struct JoiningStatistics: Sendable, Equatable, Codable {
  /// Rows that were exact copies of an earlier row, merged at height 0 before anything else.
  public internal(set) var duplicates = 0
  /// Rounds in which all reciprocal nearest neighbours were merged; by centroid and median linkage the
  /// merges, each of the nearest pair of all; by single linkage those of its spanning tree.
  public internal(set) var rounds = 0
  /// Merges found by following a chain of nearest neighbours, where rounds would have merged too few.
  public internal(set) var chainMerges = 0
  /// Searches for one cluster's nearest among all others, the first included; by single linkage for a row's
  /// in other trees.
  public internal(set) var searches = 0
  /// Those of them in double precision, as single could not decide.
  public internal(set) var exactSearches = 0
  /// Wall time in seconds.
  public internal(set) var seconds = 0.0

  /// What it took to determine a cluster's nearest: its list sufficed, it was searched for, or that in double
  /// precision.
  enum Effort: Int32, BitwiseCopyable, Sendable { case list, search, doubles }

  /// Counts searches.
  mutating func note(_ efforts: [Effort]) {
    searches += efforts.count { $0 != .list }
    exactSearches += efforts.count { $0 == .doubles }
  }
}
