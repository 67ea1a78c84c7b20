/// What root tells its peers at the end of a decision.
enum Verdict: Sendable {
  case value([UInt8])
  case failure(message: String, exitCode: Int32)
}

/// The second half of `decide`: heartbeats, then the value or the failure.
extension Station {
  /// The words before a verdict: 0 for a heartbeat, 1 for a value, 2 for a failure; the exit code;
  /// the length in bytes.
  private typealias Heading = (kind: Int64, exitCode: Int64, length: Int64)

  /// At root: tells the peers again and again that the work goes on.
  mutating func beat(while pulse: Pulse) throws(CollectiveError) {
    while !pulse.waitForEnd(beatInterval) { try announce((0, 0, 0)) }
  }

  /// At root: gives everybody the verdict.
  mutating func conclude(_ verdict: Verdict) throws(CollectiveError) {
    switch verdict {
    case .value(let bytes):
      try announce((1, 0, Int64(bytes.count)))
      _ = try spread(bytes, count: bytes.count, from: rank)
    case .failure(let message, let exitCode):
      let bytes = Array(message.utf8)
      try announce((2, Int64(exitCode), Int64(bytes.count)))
      _ = try spread(bytes, count: bytes.count, from: rank)
    }
  }

  /// Elsewhere: waits for the verdict as long as root's heart beats.
  mutating func awaitVerdict(of root: Int) throws(CollectiveError) -> [UInt8] {
    while true {
      let words = try [Int64](bytes: receive(24, from: root))
      if words[0] == 0 { continue }
      let bytes = try spread([UInt8](), count: Int(words[2]), from: root)
      if words[0] == 1 { return bytes }
      throw CollectiveError(
        .peerFailed(
          rank: root, message: String(decoding: bytes, as: UTF8.self),
          exitCode: Int32(truncatingIfNeeded: words[1])))
    }
  }

  private mutating func announce(_ heading: Heading) throws(CollectiveError) {
    let words = [heading.kind, heading.exitCode, heading.length]
    let bytes = try unsafe words.withBytes { unsafe Array($0) }
    for peer in 0..<size where peer != rank { try send(bytes, to: peer) }
  }
}
