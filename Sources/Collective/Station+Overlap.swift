// `unsafe` is sound here because `Lent` is used by the communication thread only between the start
// and the end of a job, and whoever lent the buffer waits for that end.

/// A buffer that the caller of a collective lends to the communication thread.
///
/// `@unchecked Sendable`: the caller writes only floats that it has not marked ready, and the
/// communication thread touches only floats that were; marking happens under a lock.
@safe
struct Lent: @unchecked Sendable {
  let values: UnsafeMutableBufferPointer<Float>

  init(_ values: UnsafeMutableBufferPointer<Float>) { unsafe self.values = values }
}

/// Sums of whole buffers: one fingerprint each, then bucket after bucket.
extension Station {
  mutating func treeSum(_ lent: Lent, at site: String) throws(CollectiveError) {
    let plan = unsafe BucketPlan(count: lent.values.count)
    _ = try meet(
      Call(.treeSum, at: site, elementBytes: MemoryLayout<Float>.stride, count: plan.count),
      at: site)
    for bucket in (0..<plan.bucketCount).reversed() {
      try unsafe sum(lent.values.extracting(plan.range(of: bucket)))
    }
  }

  /// Sums buckets as they become ready.
  ///
  /// A rank whose computing throws sums what it has to the end,
  /// so that nobody waits for it in vain, and all learn of it when they meet again.
  mutating func sum(
    _ lent: Lent, as ready: ReadyBuckets, at site: String
  ) throws(CollectiveError) {
    let call = Call(
      .sum, at: site, elementBytes: MemoryLayout<Float>.stride, count: ready.plan.count)
    _ = try meet(call, at: site)
    for bucket in (0..<ready.plan.bucketCount).reversed() {
      ready.wait(for: bucket)
      try unsafe sum(lent.values.extracting(ready.plan.range(of: bucket)))
    }
    let failure = ready.waitForEnd().failure
    let mine = Farewell(failure.map { Farewell.Failure($0.message, $0.exitCode) })
    let table = try meet(Call(.endOfSum, at: site, payload: mine.payload), at: site)
    if let other = try firstFailure(in: table, mine) { throw other }
  }
}
