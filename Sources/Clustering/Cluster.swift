/// A cluster that is not merged yet; its place in the store changes, its first row does not.
struct Cluster: BitwiseCopyable {
  /// The lowest row in it; decides ties.
  var first: Int32
  /// The number of rows in it.
  var size: Int32
  /// Its id in the merge log.
  var node: Int32
  /// The place of its sum of unit vectors, or −1 while it consists of copies of one row.
  var sum: Int32 = -1
  /// The place of the cluster most similar to it, when it was last looked for.
  var nearest: Int32 = -1
  /// Whether `nearest` has to be looked for.
  var isStale = true
  /// No cluster but the nearest is more similar than this; also true after merges, which average.
  var runnerUp: Float = 1
  /// The mean cosine to the nearest.
  var similarity = 0.0
}
