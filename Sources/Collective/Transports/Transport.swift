/// How bytes get from rank to rank: the only thing in which a cluster and a simulation differ.
///
/// One communication thread per rank makes all calls, one at a time. Messages between two ranks
/// arrive in the order in which they were sent, and a message is received in the length in which
/// it was sent. A call that gives up at its limit leaves the transport unusable for payload;
/// ``Communicator`` then ends the world.
public protocol Transport: Sendable {
  /// This rank's number.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }

  /// Waits until a message from one of `ranks` can be received without waiting.
  ///
  /// - Returns: The sender, or nil if there is none at `limit`; asks at least once. May return nil early.
  /// - Throws: ``CollectiveError/Kind/transport(call:text:)``.
  func arrival(
    from ranks: [Int], until limit: ContinuousClock.Instant
  ) throws(CollectiveError) -> Int?

  /// Sends one message and receives another at the same time; a side without a rank is not done.
  ///
  /// The outgoing bytes may be reused, and the incoming are there, when the call returns. Neither
  /// side has more than `Int32.max` bytes.
  ///
  /// - Returns: The ranks that were waited for in vain until `limit`; empty when all is done.
  /// - Throws: ``CollectiveError/Kind/transport(call:text:)``.
  func exchange(
    _ outgoing: UnsafeRawBufferPointer, to receiver: Int?,
    _ incoming: UnsafeMutableRawBufferPointer, from sender: Int?,
    until limit: ContinuousClock.Instant
  ) throws(CollectiveError) -> [Int]
}
