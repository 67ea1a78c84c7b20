/// A cluster that is not merged yet, or the last state of one that is.
///
/// Its *slot* is that of its lowest distinct row and never changes, so slots decide ties. *Levels*
/// count the sets of disjoint merges so far. It changes by merging alone, so lanes that search may
/// read any cluster; what they find out stands in `SearchState`.
struct Cluster: BitwiseCopyable, Sendable {
  /// The number of rows in it.
  var size: Int32
  /// Its id in the merge log.
  var node: Int32
  /// The slot whose row's place holds the lower halves of its sum, the place of its own row holding
  /// the upper ones; −1 while it consists of copies of one row.
  var low: Int32 = -1
  /// The level at which it was made.
  var madeAt: Int32 = 0
}

/// What a cluster knows of the others; only the lane that was given the cluster reads or writes it.
struct SearchState: BitwiseCopyable, Sendable {
  /// The slot of the cluster most similar to it at level `nearestAt`, or −1; for `SpanningTree` of those in
  /// other trees.
  var nearest: Int32 = -1
  var nearestAt: Int32 = -1
  /// The level at which its list and `bound` were true.
  var listedAt: Int32 = 0
  /// At level `listedAt` no cluster outside its list was more similar than this.
  var bound = Float.infinity
  /// The similarity to the nearest.
  var similarity = -Double.infinity
  /// Whether its list, or those of both its parts, were filled in double precision, as single did not do.
  var isExact = false
}
