/// One rank's way to the others: the verbs of which everything that ranks do together is made.
///
/// Every rank calls the same verbs in the same order; `if rank == 0` may surround work, never a
/// verb. Each call carries its number and a fingerprint, which are compared before data is used,
/// and has a deadline. An error other than a failure inside ``decide(gathering:at:site:_:)`` or
/// ``sum(_:site:while:)`` ends the world: every later call throws it again.
///
/// A communicator is used by one thread at a time. In a world of one rank each verb is a copy.
public struct Communicator: Sendable {
  /// This rank's number, from 0.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// The hand-off to the communication thread; none in a world of one.
  let desk: Desk?

  /// Opens this rank's end of a world, and starts its communication thread.
  init(_ transport: any Transport, deadline: Duration, bytesPerMessage: Int = 64 << 20) {
    (rank, size) = (transport.rank, transport.size)
    desk =
      transport.size == 1
      ? nil
      : Desk(Station(transport, patience: deadline, bytesPerMessage: bytesPerMessage))
  }

  /// Waits until every rank is here.
  ///
  /// - Parameter site: The caller's name, for the error message; the same on every rank.
  /// - Throws: ``CollectiveError``: calls differ, a rank is missing, has failed, or the transport fails.
  public func barrier(_ site: StaticString = #function) throws(CollectiveError) {
    _ = try meet(.barrier, site)
  }

  /// Gives every rank everybody's elements, in rank order (MPI 3.1, section 5.7, made ragged).
  ///
  /// - Parameter mine: This rank's elements; ranks may give different numbers, also none.
  /// - Throws: ``CollectiveError``, as ``barrier(_:)``.
  public func allGather<E: BitwiseCopyable & Sendable>(
    _ mine: [E], site: StaticString = #function
  ) throws(CollectiveError) -> Gathered<E> {
    guard let desk else { return Gathered(joined: mine, counts: [mine.count]) }
    return try desk.perform { (station) throws(CollectiveError) -> Gathered<E> in
      let counts = try station.counts(.allGather, of: mine, at: site)
      return try station.collect(mine, counts: counts)
    }
  }

  /// Gives the root everybody's elements, in rank order (MPI 3.1, section 5.5, made ragged).
  ///
  /// - Returns: The elements at the root, nil elsewhere.
  /// - Throws: ``CollectiveError``, as ``barrier(_:)``.
  public func gather<E: BitwiseCopyable & Sendable>(
    _ mine: [E], at root: Int = 0, site: StaticString = #function
  ) throws(CollectiveError) -> Gathered<E>? {
    check(root)
    guard let desk else { return Gathered(joined: mine, counts: [mine.count]) }
    return try desk.perform { (station) throws(CollectiveError) -> Gathered<E>? in
      let counts = try station.counts(.gather, of: mine, root: root, at: site)
      return try station.collect(mine, counts: counts, at: root)
    }
  }

  /// Gives every rank the root's elements (MPI 3.1, section 5.4).
  ///
  /// - Parameter values: The elements at the root; not looked at elsewhere.
  /// - Throws: ``CollectiveError``, as ``barrier(_:)``.
  public func broadcast<E: BitwiseCopyable & Sendable>(
    _ values: [E], from root: Int = 0, site: StaticString = #function
  ) throws(CollectiveError) -> [E] {
    check(root)
    guard let desk else { return values }
    return try desk.perform { (station) throws(CollectiveError) -> [E] in
      let counts = try station.counts(.broadcast, of: values, root: root, at: site)
      return try station.spread(values, count: counts[root], from: root)
    }
  }

  /// The bitwise OR of everybody's flags: how the ranks agree to stop, to save, or to skip a step.
  ///
  /// Costs one small message to rank 0 and one back.
  /// - Throws: ``CollectiveError``, as ``barrier(_:)``.
  public func agree(
    on flags: UInt32, site: StaticString = #function
  ) throws(CollectiveError) -> UInt32 {
    let table = try meet(.agree, site, payload: UInt64(flags))
    return UInt32(truncatingIfNeeded: table.reduce(0) { $0 | $1 })
  }

  /// Compares a hash over the ranks, for instance of the weights that must be equal.
  ///
  /// - Returns: The ranks whose hash differs from rank 0's, with their hashes; empty if all agree.
  /// - Throws: ``CollectiveError``, as ``barrier(_:)``.
  public func allEqual(
    hash: UInt64, site: StaticString = #function
  ) throws(CollectiveError) -> [(rank: Int, hash: UInt64)] {
    let table = try meet(.allEqual, site, payload: hash)
    return table.enumerated().filter { $0.element != table[0] }
      .map { (rank: $0.offset, hash: $0.element) }
  }

  /// Tells the peers that this rank fails, and ends the world: their next call throws
  /// ``CollectiveError/Kind/peerFailed(rank:message:exitCode:)``.
  ///
  /// ``Launch`` does this for every error that leaves its body. Waits for the peers, at most as
  /// long as the deadline.
  public func fail(with error: any Error) { _ = leave(after: error) }

  /// Meets the peers for the last time.
  ///
  /// - Returns: Why the world ended, if not in order.
  func leave(after error: (any Error)?) -> CollectiveError? {
    guard let desk else { return nil }
    let failure = error.map { Farewell.Failure($0) }
    do {
      try desk.perform { (station) throws(CollectiveError) in try station.leave(failure) }
      return nil
    } catch {
      return error
    }
  }

  /// Ends the communication thread.
  func close() { desk?.close() }

  /// A collective without payload of its own; the words of all ranks in rank order.
  private func meet(
    _ verb: Verb, _ site: StaticString, payload: UInt64 = 0
  ) throws(CollectiveError) -> [UInt64] {
    guard let desk else { return [payload] }
    return try desk.perform { (station) throws(CollectiveError) -> [UInt64] in
      let site = site.description
      return try station.meet(Call(verb, at: site, payload: payload), at: site).map(\.payload)
    }
  }

  func check(_ root: Int) {
    precondition(root >= 0 && root < size, "rank \(root) cannot be the root among \(size)")
  }
}

extension Station {
  /// Begins a collective to which ranks bring different numbers of elements; returns the numbers.
  mutating func counts<E: BitwiseCopyable>(
    _ verb: Verb, of mine: [E], root: Int = -1, at site: StaticString
  ) throws(CollectiveError) -> [Int] {
    let site = site.description
    let call = Call(
      verb, at: site, elementBytes: MemoryLayout<E>.stride, count: mine.count, root: root)
    return try meet(call, at: site).map { Int($0.count) }
  }
}
