// `unsafe` is sound here because buffers are arrays that are lent for the length of a blocking call.

/// Fixed-length records from every rank to rank 0 and the table of all back to every rank.
///
/// Rank 0 sees who is missing. While it waits it tells the ranks that came, which renews their
/// deadline, and when it gives up it tells everybody, late ranks too: so all leave alike. A rank
/// that is still at work of its own shows life between two collectives, which renews the deadline
/// that it has.
extension Station {
  private enum Notice: UInt8 { case waiting = 1, complete, expired }

  /// What comes first in whatever a rank sends to rank 0: a sign of life, or its record.
  private enum Arrival: UInt8 { case atWork = 1, here }

  /// All ranks' records, joined in rank order.
  ///
  /// - Parameter heedsLife: Whether signs of life renew deadlines; they do not for a rank that has
  ///   failed, or it would wait for a whole pass of the others to tell them.
  /// - Throws: `.deadline` with the ranks that did not come, on every rank that did.
  mutating func star(
    _ record: [UInt8], heedsLife: Bool = true
  ) throws(CollectiveError) -> [UInt8] {
    do throws(CollectiveError) {
      return try rank == 0 ? host(record, heedsLife) : visit(record, heedsLife)
    } catch {
      end(error)
      throw error
    }
  }

  /// Tells the ranks that wait for this one in the next collective, or will, that it is at work.
  mutating func showLife() throws(CollectiveError) {
    if ended != nil { return }
    do throws(CollectiveError) {
      if rank == 0 {
        try notify(1..<size, .waiting, missing: [])
      } else {
        // As long as a record of `meet`, with which every collective begins.
        let rest = [UInt8](repeating: 0, count: MemoryLayout<Call>.stride)
        try send([Arrival.atWork.rawValue] + rest, to: 0)
      }
    } catch {
      end(error)
      throw error
    }
  }

  private mutating func host(
    _ record: [UInt8], _ heedsLife: Bool
  ) throws(CollectiveError) -> [UInt8] {
    var missing = Array(1..<size)
    var records = Array(repeating: record, count: size)
    var limits = Array(repeating: limit, count: size)
    var nextBeat = ContinuousClock.now + beatInterval
    while !missing.isEmpty {
      let next = missing.map { limits[$0] }.reduce(nextBeat, min)
      if let sender = try transport.arrival(from: missing, until: next) {
        let words = try receive(1 + record.count, from: sender)
        if words[0] == Arrival.atWork.rawValue {
          if heedsLife { limits[sender] = limit }
          continue
        }
        records[sender] = Array(words.dropFirst())
        missing.removeAll { $0 == sender }
        continue
      }
      let silent = missing.filter { limits[$0] <= .now }
      if !silent.isEmpty {
        try notify(1..<size, .expired, missing: silent)
        throw late(silent)
      }
      if .now >= nextBeat {
        try notify((1..<size).filter { !missing.contains($0) }, .waiting, missing: missing)
        nextBeat = .now + beatInterval
      }
    }
    try notify(1..<size, .complete, missing: [])
    let table = Array(records.joined())
    for peer in 1..<size { try send(table, to: peer) }
    return table
  }

  private mutating func visit(
    _ record: [UInt8], _ heedsLife: Bool
  ) throws(CollectiveError) -> [UInt8] {
    try send([Arrival.here.rawValue] + record, to: 0)
    let last = limit
    while true {
      let end = heedsLife ? limit : last
      guard .now < end, try transport.arrival(from: [0], until: end) != nil else {
        throw late([0])
      }
      let words = try receive(1 + size, from: 0)
      switch Notice(rawValue: words[0]) {
      case .waiting: continue
      case .complete: return try receive(record.count * size, from: 0)
      case .expired: throw late((0..<size).filter { words[1 + $0] != 0 })
      case nil: throw CollectiveError(.transport(call: "meet", text: "notice \(words[0])"))
      }
    }
  }

  private mutating func notify(
    _ peers: some Sequence<Int>, _ notice: Notice, missing: [Int]
  ) throws(CollectiveError) {
    var words = [UInt8](repeating: 0, count: 1 + size)
    words[0] = notice.rawValue
    for rank in missing { words[1 + rank] = 1 }
    for peer in peers { try send(words, to: peer) }
  }
}
