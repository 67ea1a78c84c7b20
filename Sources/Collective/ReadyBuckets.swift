import Foundation

/// Which buckets of a buffer are final, told by those who compute to the thread that sums.
///
/// `@unchecked Sendable`: every variable is read and written under `condition` alone. Floats that
/// were written before they were marked are seen by whoever has waited for their bucket.
final class ReadyBuckets: @unchecked Sendable {
  /// How the computing ended.
  struct End: Sendable {
    /// What it threw, in words, with its exit code.
    let failure: (message: String, exitCode: Int32)?
  }

  let plan: BucketPlan
  private let condition = NSCondition()
  private var unfinished: [Int]
  private var end: End?

  init(_ plan: BucketPlan) {
    self.plan = plan
    unfinished = (0..<plan.bucketCount).map { plan.range(of: $0).count }
  }

  /// Notes that a range is final; each float is marked at most once.
  func mark(_ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= plan.count,
      "\(range) was marked ready in a buffer of \(plan.count)")
    condition.withLock {
      for bucket in plan.buckets(touching: range) {
        unfinished[bucket] -= plan.range(of: bucket).clamped(to: range).count
        precondition(unfinished[bucket] >= 0, "a part of \(range) was marked ready twice")
      }
      condition.broadcast()
    }
  }

  /// Notes that the computing is over; what was not marked is final too, or of no use.
  func finish(_ end: End) {
    condition.withLock {
      self.end = end
      condition.broadcast()
    }
  }

  /// Waits until a bucket is final.
  func wait(for bucket: Int) {
    condition.withLock { while unfinished[bucket] > 0 && end == nil { condition.wait() } }
  }

  /// Waits until the computing is over.
  func waitForEnd() -> End {
    condition.withLock {
      while true {
        if let end { return end }
        condition.wait()
      }
    }
  }
}
