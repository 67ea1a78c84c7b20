/// How a buffer is cut for summing: buckets of a fixed size, taken from the end to the start.
///
/// Gradients become final from the last parameter to the first, so the end is ready first. The
/// plan depends on the buffer's length alone and is therefore the same on every rank.
struct BucketPlan: Sendable {
  /// 1 MiB, which Open MPI moves best on one node.
  static let floatsPerBucket = 1 << 18

  /// The number of floats in the buffer.
  let count: Int
  var bucketCount: Int { (count + Self.floatsPerBucket - 1) / Self.floatsPerBucket }

  /// The floats of a bucket; bucket 0 is at the buffer's start.
  func range(of bucket: Int) -> Range<Int> {
    let start = bucket * Self.floatsPerBucket
    return start..<min(start + Self.floatsPerBucket, count)
  }

  /// The buckets that a range of floats touches.
  func buckets(touching range: Range<Int>) -> Range<Int> {
    if range.isEmpty { return 0..<0 }
    let last = (range.upperBound - 1) / Self.floatsPerBucket
    return range.lowerBound / Self.floatsPerBucket..<(last + 1)
  }
}
