/// A cluster that is not merged yet, or the last state of one that is.
///
/// Its *slot* is that of its lowest distinct row and never changes, so slots decide ties. *Levels*
/// count the sets of disjoint merges so far.
struct Cluster: BitwiseCopyable, Sendable {
  /// The number of rows in it.
  var size: Int32
  /// Its id in the merge log.
  var node: Int32
  /// Its column in the panels.
  var position: Int32
  /// The place of its sum of rows, or −1 while it consists of copies of one row.
  var sum: Int32 = -1
  /// The level at which it was made.
  var madeAt: Int32 = 0
  /// The slot of the cluster most similar to it at level `nearestAt`, or −1.
  var nearest: Int32 = -1
  var nearestAt: Int32 = -1
  /// The level at which its list and `bound` were true.
  var listedAt: Int32 = 0
  /// The similarity to the nearest.
  var similarity = -Double.infinity
  /// At level `listedAt` no cluster outside its list was more similar than this.
  var bound = Double.infinity
}
