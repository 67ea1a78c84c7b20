// `unsafe` is sound here because both verbs wait for the communication thread's job before they
// return or throw, so the caller's buffer outlives its use.

extension Communicator {
  /// Sums a buffer over the ranks, in place, in the order of ``ReductionTree``.
  ///
  /// Where rank r's buffer is the sum of the r-th equal block of leaves, the result has the bits that
  /// one rank gets by the same tree over all leaves; and it has the same bits on every rank.
  ///
  /// - Parameter values: As many floats on every rank, at the caller's disposal until the end.
  /// - Throws: ``CollectiveError``, as ``barrier(_:)``; the buffer's content is then undefined.
  public func treeSum(
    _ values: UnsafeMutableBufferPointer<Float>, site: StaticString = #function
  ) throws(CollectiveError) {
    guard let desk else { return }
    let lent = unsafe Lent(values)
    try desk.perform { (station) throws(CollectiveError) in
      try station.treeSum(lent, at: site.description)
    }
  }

  /// Sums a buffer as ``treeSum(_:site:)`` does, while `body` still fills it.
  ///
  /// Ranges may be marked ready in any order, from any thread, each float once; buckets are summed
  /// from the buffer's end to its start as they complete. What is not marked counts as ready when
  /// `body` returns.
  ///
  /// - Parameter body: Writes a float only until it has marked it.
  /// - Returns: What `body` returns, when everything is summed.
  /// - Throws: What `body` throws, and `.peerFailed` on the other ranks; after that the ranks are
  ///   still in step. Else ``CollectiveError``, as ``barrier(_:)``. The buffer is then undefined.
  public func sum<R>(
    _ values: UnsafeMutableBufferPointer<Float>, site: StaticString = #function,
    while body: (_ markReady: @Sendable (Range<Int>) -> Void) throws -> R
  ) throws -> R {
    let ready = ReadyBuckets(BucketPlan(count: values.count))
    guard let desk else { return try body { ready.mark($0) } }
    let (lent, outcome) = unsafe (Lent(values), Outcome<Void>())
    desk.start { station in
      outcome.set(from: &station) { (station) throws(CollectiveError) in
        try station.sum(lent, as: ready, at: site.description)
      }
    }
    let result = Result { try body { ready.mark($0) } }
    if case .failure(let error) = result {
      ready.finish(.init(failure: (String(describing: error), CollectiveError.exitCode(of: error))))
    } else {
      ready.finish(.init(failure: nil))
    }
    desk.wait()
    let value = try result.get()
    try outcome.get()
    return value
  }
}
