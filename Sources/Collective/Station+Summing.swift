// `unsafe` is sound here because all indices stay within the bucket's count, scratch is at least as
// long as what is received into it, and the caller of the collective lends the buffer until it ends.

/// The sum over the ranks of one bucket, in place, in the order of ``ReductionTree``.
extension Station {
  mutating func sum(_ bucket: UnsafeMutableBufferPointer<Float>) throws(CollectiveError) {
    if scratch.count < bucket.count { scratch = Array(repeating: 0, count: bucket.count) }
    if size.nonzeroBitCount == 1 {
      try unsafe sumByHalves(bucket)
    } else {
      try unsafe sumToRoot(bucket, over: 0..<size)
      try unsafe spread(UnsafeMutableRawBufferPointer(bucket), from: 0)
    }
  }

  /// Partners at distance 1, 2, 4 … share the work: each adds one half of what both still hold,
  /// and on the way back they give each other the finished halves.
  ///
  /// At distance 2ᵏ every element is the sum of a node of 2ᵏ ranks, so it is combined by the fixed
  /// tree, once, on one rank.
  private mutating func sumByHalves(
    _ bucket: UnsafeMutableBufferPointer<Float>
  ) throws(CollectiveError) {
    var held = 0..<bucket.count
    var way: [(partner: Int, kept: Range<Int>, given: Range<Int>)] = []
    var distance = 1
    while distance < size {
      let middle = held.lowerBound + held.count / 2
      let (left, right) = (held.lowerBound..<middle, middle..<held.upperBound)
      let isLeft = rank & distance == 0
      let (kept, given) = isLeft ? (left, right) : (right, left)
      try unsafe fetch(kept.count, from: rank ^ distance, giving: bucket.extracting(given))
      unsafe add(into: bucket.extracting(kept), mineIsLeft: isLeft)
      way.append((rank ^ distance, kept, given))
      held = kept
      distance <<= 1
    }
    for (partner, kept, given) in way.reversed() {
      try unsafe move(
        UnsafeRawBufferPointer(bucket.extracting(kept)), to: partner,
        UnsafeMutableRawBufferPointer(bucket.extracting(given)), from: partner)
    }
  }

  /// Any number of ranks: each right half's first rank sends its sum to the left half's.
  private mutating func sumToRoot(
    _ bucket: UnsafeMutableBufferPointer<Float>, over ranks: Range<Int>
  ) throws(CollectiveError) {
    guard ranks.count >= 2 else { return }
    let middle = ReductionTree.split(ranks)
    try unsafe sumToRoot(
      bucket, over: rank < middle ? ranks.lowerBound..<middle : middle..<ranks.upperBound)
    if rank == middle {
      try unsafe send(UnsafeRawBufferPointer(bucket), to: ranks.lowerBound)
    } else if rank == ranks.lowerBound {
      try unsafe fetch(
        bucket.count, from: middle, giving: UnsafeMutableBufferPointer(start: nil, count: 0))
      unsafe add(into: bucket, mineIsLeft: true)
    }
  }

  /// Receives a partner's floats into `scratch`, giving it others where there are any.
  private mutating func fetch(
    _ count: Int, from partner: Int, giving given: UnsafeMutableBufferPointer<Float>
  ) throws(CollectiveError) {
    var room: [Float] = []
    swap(&room, &scratch)
    defer { swap(&room, &scratch) }
    let result = unsafe room.withUnsafeMutableBufferPointer { room in
      Result { () throws(CollectiveError) in
        try unsafe move(
          UnsafeRawBufferPointer(given), to: partner,
          UnsafeMutableRawBufferPointer(room.extracting(0..<count)), from: partner)
      }
    }
    try result.get()
  }

  /// Adds `scratch`, left operand first: equal bits even where both operands are NaNs.
  private func add(into sums: UnsafeMutableBufferPointer<Float>, mineIsLeft: Bool) {
    unsafe scratch.withUnsafeBufferPointer { theirs in
      if mineIsLeft {
        for index in sums.indices { unsafe sums[index] = sums[index] + theirs[index] }
      } else {
        for index in sums.indices { unsafe sums[index] = theirs[index] + sums[index] }
      }
    }
  }
}
