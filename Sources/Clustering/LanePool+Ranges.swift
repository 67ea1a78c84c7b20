internal import Tensors

extension LanePool {
  /// Runs a body that cannot fail for every index in 0 ..< `count`, on whichever lane is free.
  func each(_ count: Int, _ body: @Sendable (_ index: Int, _ lane: Int) -> Void) {
    guard count > 1, self.count > 1 else {
      for index in 0..<count { body(index, 0) }
      return
    }
    let ticket = Ticket()
    do {
      try run { lane in
        while let index = ticket.take(below: count) { body(index, lane) }
      }
    } catch { preconditionFailure("a body that cannot throw threw \(error)") }
  }

  /// Runs a body for 0 ..< `count` in ranges of `size`.
  func eachRange(in count: Int, by size: Int, _ body: @Sendable (Range<Int>) -> Void) {
    each((count + size - 1) / size) { index, _ in
      body(index * size..<min((index + 1) * size, count))
    }
  }
}
