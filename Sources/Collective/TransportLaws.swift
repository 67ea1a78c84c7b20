/// What one law said about a transport.
public struct LawResult: Sendable, CustomStringConvertible {
  /// The law, as a sentence.
  public let name: String
  /// Whether it held on every rank.
  public let passed: Bool
  /// Where it did not hold: rank by rank; empty when it passed.
  public let detail: String

  /// One line for a log.
  public var description: String {
    (passed ? "ok      " : "BROKEN  ") + name + (detail.isEmpty ? "" : ": " + detail)
  }
}

/// Checks the laws of a transport on a world; every rank calls it, and gets the same results.
///
/// The same function runs on simulated ranks in the tests and under `mpirun` as `kindreel selftest`.
/// Takes a second or two.
///
/// - Throws: ``CollectiveError`` where ranks cannot even speak with each other.
public func checkTransportLaws(_ communicator: Communicator) throws -> [LawResult] {
  let laws = Laws(communicator)
  return try [
    laws.check("every rank knows its number", laws.ranksAreNumbered),
    laws.check("gathering keeps rank order and ragged counts", laws.gatheringKeepsOrder),
    laws.check("only the root of a gather receives", laws.onlyRootGathers),
    laws.check("any rank can broadcast", laws.anyRankBroadcasts),
    laws.check("empty buffers pass", laws.emptyBuffersPass),
    laws.check("agreeing is OR", laws.agreeingIsOr),
    laws.check("unequal hashes are found", laws.unequalHashesAreFound),
    laws.check("a decision is the same everywhere", laws.decisionIsShared),
    laws.check("a failed decision reaches everyone", laws.failureIsShared),
    laws.check("the sum is the tree's, bit for bit", laws.sumIsTheTrees),
    laws.check("every rank has the same sum", laws.sumIsShared),
    laws.check("a large sum is the tree's", laws.largeSumIsTheTrees),
    laws.check("two sums do not overtake each other", laws.sumsKeepOrder),
    laws.check("an overlapped sum equals a plain one", laws.overlapChangesNothing),
    laws.check("a failed overlapped sum reaches everyone", laws.failedSumIsShared),
  ]
}

/// The laws; each says what is wrong on this rank, or nil.
private struct Laws {
  let world: Communicator

  init(_ world: Communicator) { self.world = world }

  var rank: Int { world.rank }
  var size: Int { world.size }

  /// Runs one law and joins what the ranks say.
  func check(_ name: String, _ law: () throws -> String?) throws -> LawResult {
    let mine = try law() ?? ""
    let all = try world.allGather(Array(mine.utf8))
    let details = (0..<size).compactMap { rank -> String? in
      let words = String(decoding: all[rank], as: UTF8.self)
      return words.isEmpty ? nil : "rank \(rank): \(words)"
    }
    return LawResult(
      name: name, passed: details.isEmpty, detail: details.joined(separator: "; "))
  }

  private func unless(_ holds: Bool, _ words: @autoclosure () -> String) -> String? {
    holds ? nil : words()
  }

  func ranksAreNumbered() throws -> String? {
    let ranks = try world.allGather([rank]).joined
    return unless(ranks == Array(0..<size), "\(ranks)")
  }

  /// Rank r brings r · (r − 1) elements: none on ranks 0 and 1.
  private func ragged(_ rank: Int) -> [Int32] {
    (0..<(rank * (rank - 1))).map { Int32(100 * rank + $0) }
  }

  func gatheringKeepsOrder() throws -> String? {
    let all = try world.allGather(ragged(rank))
    return unless((0..<size).allSatisfy { all[$0] == ragged($0) }, "\(all.joined)")
  }

  func onlyRootGathers() throws -> String? {
    for root in 0..<size {
      let all = try world.gather(ragged(rank), at: root)
      guard let all else {
        if rank == root { return "the root \(root) received nothing" }
        continue
      }
      if rank != root { return "not the root \(root), yet it received \(all.joined)" }
      if !(0..<size).allSatisfy({ all[$0] == ragged($0) }) { return "\(all.joined)" }
    }
    return nil
  }

  func anyRankBroadcasts() throws -> String? {
    for root in 0..<size {
      let values: [Double] = [Double(root), 0.5, -1 / 3]
      let received = try world.broadcast(rank == root ? values : [], from: root)
      if received != values { return "from \(root): \(received)" }
      let word = try world.broadcast(value: rank == root ? "rank \(root)" : nil, from: root)
      if word != "rank \(root)" { return "from \(root): \(word)" }
    }
    return nil
  }

  func emptyBuffersPass() throws -> String? {
    let gathered = try world.allGather([Float]())
    let received = try world.broadcast([Float](), from: size - 1)
    let sum = try treeSum([])
    return unless(gathered.joined.isEmpty && received.isEmpty && sum.isEmpty, "something came")
  }

  func agreeingIsOr() throws -> String? {
    let flags = try world.agree(on: 1 << UInt32(rank % 32))
    let expected = (0..<size).reduce(UInt32(0)) { $0 | 1 << UInt32($1 % 32) }
    let none = try world.agree(on: 0)
    return unless(flags == expected && none == 0, "\(flags) for \(expected), \(none) for 0")
  }

  func unequalHashesAreFound() throws -> String? {
    let none = try world.allEqual(hash: 0xFEED_FACE_0123_4567)
    let last = try world.allEqual(hash: rank == size - 1 ? 1 : 0)
    let expected = size == 1 ? [] : [size - 1]
    return unless(none.isEmpty && last.map(\.rank) == expected, "\(none), \(last)")
  }

  func decisionIsShared() throws -> String? {
    for root in Set([0, size - 1]).sorted() {
      let value = try world.decide(gathering: [Float(rank) + 0.25], at: root) { all in
        ["sum": all.joined.reduce(0, +), "root": Float(rank)]
      }
      let sum = Float(size * (size - 1)) / 2 + 0.25 * Float(size)
      if value != ["sum": sum, "root": Float(root)] { return "\(value)" }
      let labels: [Int32] = try world.decide(gathering: [rank], at: root) { all in
        all.joined.map { Int32(-$0) }
      }
      if labels != (0..<Int32(size)).map({ -$0 }) { return "\(labels)" }
    }
    return nil
  }

  private struct Refusal: ExitCoded, CustomStringConvertible {
    let exitCode: Int32 = 65
    let description = "refused on purpose"
  }

  func failureIsShared() throws -> String? {
    let root = size - 1
    do {
      let value: Int = try world.decide(gathering: [rank], at: root) { _ in throw Refusal() }
      return "the value \(value) came out of a failure"
    } catch is Refusal {
      return unless(rank == root, "the root's own error")
    } catch let error as CollectiveError {
      let expected = CollectiveError.Kind.peerFailed(
        rank: root, message: "refused on purpose", exitCode: 65)
      if error.kind != expected { throw error }
      return nil
    }
  }

  /// A float that depends on every bit of its place, of magnitudes for which order matters.
  private func leaf(_ rank: Int, _ index: Int, salt: Int = 0) -> Float {
    var x = UInt64(truncatingIfNeeded: rank &* 0x9E37_79B9 &+ index &* 0x85EB_CA6B &+ salt)
    x = (x ^ (x >> 15)) &* 0x2C1B_3C6D_0F4B_7A91
    x ^= x >> 29
    let exponent = Int((x >> 33) & 15) - 8
    return (Float(x & 0xFFFF) / 32768 - 1) * Float(sign: .plus, exponent: exponent, significand: 1)
  }

  private func leaves(_ rank: Int, _ count: Int, salt: Int = 0) -> [Float] {
    (0..<count).map { leaf(rank, $0, salt: salt) }
  }

  private func reference(_ count: Int, salt: Int = 0) -> [UInt32] {
    (0..<count).map { index in
      ReductionTree.reduce(0..<size) {
        leaf($0, index, salt: salt)
      } combine: {
        $0 + $1
      }.bitPattern
    }
  }

  private func treeSum(_ values: [Float]) throws -> [UInt32] {
    var values = values
    // Sound because the buffer is lent for the length of the call.
    try unsafe values.withUnsafeMutableBufferPointer { try unsafe world.treeSum($0) }
    return values.map(\.bitPattern)
  }

  private func differing(_ sum: [UInt32], _ expected: [UInt32]) -> String? {
    guard let index = sum.indices.first(where: { sum[$0] != expected[$0] }) else { return nil }
    let (got, want) = (Float(bitPattern: sum[index]), Float(bitPattern: expected[index]))
    return "element \(index) of \(sum.count) is \(got), not \(want)"
  }

  func sumIsTheTrees() throws -> String? {
    for count in [1, 2, 3, 7, 1000] {
      let sum = try treeSum(leaves(rank, count))
      if let words = differing(sum, reference(count)) { return words }
    }
    return nil
  }

  func largeSumIsTheTrees() throws -> String? {
    let count = 3 * BucketPlan.floatsPerBucket + 12_345
    return try differing(treeSum(leaves(rank, count)), reference(count))
  }

  func sumIsShared() throws -> String? {
    var hash: UInt64 = 14_695_981_039_346_656_037
    for bits in try treeSum(leaves(rank, 10_001)) {
      hash = (hash ^ UInt64(bits)) &* 1_099_511_628_211
    }
    let others = try world.allEqual(hash: hash)
    return unless(others.isEmpty, "ranks \(others.map(\.rank)) differ from rank 0")
  }

  func sumsKeepOrder() throws -> String? {
    let first = try treeSum(leaves(rank, 5000, salt: 1))
    let second = try treeSum(leaves(rank, 5000, salt: 2))
    return differing(first, reference(5000, salt: 1)) ?? differing(second, reference(5000, salt: 2))
  }

  func overlapChangesNothing() throws -> String? {
    let count = 2 * BucketPlan.floatsPerBucket + 777
    let mine = leaves(rank, count)
    var values = [Float](repeating: 0, count: count)
    let answer = try unsafe values.withUnsafeMutableBufferPointer { buffer in
      try unsafe world.sum(buffer) { markReady in
        var end = count
        while end > 1000 {
          let start = max(1000, end - 54_321)
          for index in start..<end { unsafe buffer[index] = mine[index] }
          markReady(start..<end)
          end = start
        }
        for index in 0..<1000 { unsafe buffer[index] = mine[index] }
        return 42
      }
    }
    let sum = values.map(\.bitPattern)
    return try unless(answer == 42, "the body's value is lost") ?? differing(sum, treeSum(mine))
  }

  func failedSumIsShared() throws -> String? {
    var values = leaves(rank, 300_000)
    let culprit = size - 1
    do {
      try unsafe values.withUnsafeMutableBufferPointer { buffer in
        try unsafe world.sum(buffer) { markReady in
          markReady(299_000..<300_000)
          if rank == culprit { throw Refusal() }
        }
      }
      return "a sum came out of a failure"
    } catch is Refusal {
      return unless(rank == culprit, "the failing rank's own error")
    } catch let error as CollectiveError {
      let expected = CollectiveError.Kind.peerFailed(
        rank: culprit, message: "refused on purpose", exitCode: 65)
      if error.kind != expected { throw error }
      return nil
    }
  }
}
