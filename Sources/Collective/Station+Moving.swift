// `unsafe` is sound here because buffers are lent for the length of a blocking call, and pieces are
// cut within their counts.

/// Payload from rank to rank. Both sides know its length beforehand; nothing travels for nothing.
extension Station {
  /// The error for ranks that were waited for in vain.
  func late(_ ranks: [Int]) -> CollectiveError {
    CollectiveError(.deadline(missing: ranks, site: site, seconds: patience / .seconds(1)))
  }

  /// Sends and receives at the same time, in pieces; a side without a rank is not done.
  mutating func move(
    _ outgoing: UnsafeRawBufferPointer, to receiver: Int?,
    _ incoming: UnsafeMutableRawBufferPointer, from sender: Int?
  ) throws(CollectiveError) {
    var (sent, received) = (0, 0)
    let sending = receiver == nil ? 0 : outgoing.count
    let receiving = sender == nil ? 0 : incoming.count
    while sent < sending || received < receiving {
      let out = sent..<min(sent + bytesPerMessage, sending)
      let into = received..<min(received + bytesPerMessage, receiving)
      do throws(CollectiveError) {
        let missing = try unsafe transport.exchange(
          UnsafeRawBufferPointer(rebasing: outgoing[out]), to: out.isEmpty ? nil : receiver,
          UnsafeMutableRawBufferPointer(rebasing: incoming[into]),
          from: into.isEmpty ? nil : sender, until: limit)
        if !missing.isEmpty { throw late(missing) }
      } catch {
        end(error)
        throw error
      }
      (sent, received) = (out.upperBound, into.upperBound)
    }
  }

  mutating func send(_ bytes: UnsafeRawBufferPointer, to receiver: Int) throws(CollectiveError) {
    try unsafe move(
      bytes, to: receiver, UnsafeMutableRawBufferPointer(start: nil, count: 0), from: nil)
  }

  mutating func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from sender: Int
  ) throws(CollectiveError) {
    try unsafe move(UnsafeRawBufferPointer(start: nil, count: 0), to: nil, bytes, from: sender)
  }

  mutating func send(_ bytes: [UInt8], to receiver: Int) throws(CollectiveError) {
    try unsafe bytes.withBytes { view throws(CollectiveError) in try unsafe send(view, to: receiver)
    }
  }

  mutating func receive(_ count: Int, from sender: Int) throws(CollectiveError) -> [UInt8] {
    try unsafe [UInt8](receiving: count) { view throws(CollectiveError) in
      try unsafe receive(view, from: sender)
    }
  }

  /// Copies the root's bytes to every rank, along a binomial tree.
  mutating func spread(
    _ bytes: UnsafeMutableRawBufferPointer, from root: Int
  ) throws(CollectiveError) {
    let place = (rank - root + size) % size
    var reach = 1
    while reach < size && place & reach == 0 { reach <<= 1 }
    if place != 0 { try unsafe receive(bytes, from: (place - reach + root) % size) }
    reach >>= 1
    while reach > 0 {
      if place + reach < size {
        try unsafe send(UnsafeRawBufferPointer(bytes), to: (place + reach + root) % size)
      }
      reach >>= 1
    }
  }

  /// The root's elements on every rank; `count` is their number.
  mutating func spread<E: BitwiseCopyable & Sendable>(
    _ values: [E], count: Int, from root: Int
  ) throws(CollectiveError) -> [E] {
    try unsafe [E](receiving: count) { all throws(CollectiveError) in
      if rank == root { try unsafe values.withBytes { unsafe all.copyMemory(from: $0) } }
      try unsafe spread(all, from: root)
    }
  }

  /// Every rank's elements to the root; nil elsewhere.
  ///
  /// `counts` are all ranks' element counts.
  mutating func collect<E: BitwiseCopyable & Sendable>(
    _ mine: [E], counts: [Int], at root: Int
  ) throws(CollectiveError) -> Gathered<E>? {
    guard rank == root else {
      try unsafe mine.withBytes { view throws(CollectiveError) in try unsafe send(view, to: root) }
      return nil
    }
    return try unsafe join(mine, counts: counts) { station, peer, place throws(CollectiveError) in
      try unsafe station.receive(place(peer), from: peer)
    }
  }

  /// Every rank's elements to every rank, in rounds of pairs.
  mutating func collect<E: BitwiseCopyable & Sendable>(
    _ mine: [E], counts: [Int]
  ) throws(CollectiveError) -> Gathered<E> {
    try unsafe join(mine, counts: counts) { station, peer, place throws(CollectiveError) in
      let opposite = (2 * station.rank - peer + station.size) % station.size
      try unsafe station.move(
        UnsafeRawBufferPointer(place(station.rank)), to: opposite, place(peer), from: peer)
    }
  }

  /// Places all ranks' elements behind each other; `fetch` brings those of one peer after another.
  private mutating func join<E: BitwiseCopyable & Sendable>(
    _ mine: [E], counts: [Int],
    _ fetch: (
      inout Station, Int, (Int) -> UnsafeMutableRawBufferPointer
    ) throws(CollectiveError) -> Void
  ) throws(CollectiveError) -> Gathered<E> {
    let stride = MemoryLayout<E>.stride
    var starts = [0]
    for count in counts { starts.append((starts.last ?? 0) + count * stride) }
    let (rank, size) = (rank, size)
    var station = self
    defer { self = station }
    let joined = try unsafe [E](receiving: counts.reduce(0, +)) { all throws(CollectiveError) in
      let place = { (peer: Int) in
        unsafe UnsafeMutableRawBufferPointer(rebasing: all[starts[peer]..<starts[peer + 1]])
      }
      try unsafe mine.withBytes { unsafe place(rank).copyMemory(from: $0) }
      for step in 1..<size {
        try unsafe fetch(&station, (rank - step + size) % size, place)
      }
    }
    return Gathered(joined: joined, counts: counts)
  }
}
