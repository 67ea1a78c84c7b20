/// What one communication thread owns: the transport, the count of calls, and whether the world
/// has ended.
///
/// Every method blocks, and is called on that thread alone. After an error that leaves the ranks
/// out of step, `ended` holds it and every later call throws it again at once.
struct Station: Sendable {
  let transport: any Transport
  /// How long to wait for a sign of a peer's life.
  let patience: Duration
  /// Larger payloads travel in pieces, each with its own deadline; at most `Int32.max`.
  let bytesPerMessage: Int
  private(set) var ended: CollectiveError?
  private var sequence: UInt32 = 0
  private(set) var site = ""
  /// Room for a peer's part of a bucket.
  var scratch: [Float] = []

  init(_ transport: any Transport, patience: Duration, bytesPerMessage: Int = 64 << 20) {
    self.transport = transport
    self.patience = patience
    self.bytesPerMessage = bytesPerMessage
  }

  var rank: Int { transport.rank }
  var size: Int { transport.size }
  /// How often somebody who keeps others waiting gives a sign of life.
  var beatInterval: Duration { patience / 4 }
  /// The end of the patience, counted from now.
  var limit: ContinuousClock.Instant { .now + patience }

  /// Begins a collective: every rank's call, all of them the same collective.
  ///
  /// - Throws: `.mismatch` on every rank where calls differ, `.peerFailed` where a rank left its
  ///   work by throwing, `.deadline` where a rank does not come. All of them end the world.
  mutating func meet(
    _ call: Call, at site: String, failure: String? = nil
  ) throws(CollectiveError) -> [Call] {
    if let ended { throw ended }
    self.site = site
    sequence += 1
    var mine = call
    mine.sequence = sequence
    do throws(CollectiveError) {
      let record = try unsafe [mine].withBytes { unsafe Array($0) }
      let table = try [Call](bytes: star(record, heedsLife: failure == nil))
      guard let first = table.first else { return [] }
      if table.allSatisfy(first.matches) { return table }
      let texts = try describe(failure ?? mine.description(at: site))
      throw Self.disagreement(table, texts)
    } catch {
      ended = error
      throw error
    }
  }

  /// Ends the world for this rank; the first reason stays.
  mutating func end(_ reason: CollectiveError) { if ended == nil { ended = reason } }

  /// Every rank's words, in rank order, cut to 480 bytes.
  mutating func describe(_ words: String) throws(CollectiveError) -> [String] {
    let width = 480
    var record = Array(words.utf8.prefix(width))
    record += Array(repeating: 0, count: width - record.count)
    let all = try star(record)
    return stride(from: 0, to: all.count, by: width).map { start in
      String(decoding: all[start..<(start + width)].prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private static func disagreement(_ table: [Call], _ texts: [String]) -> CollectiveError {
    let failed = table.indices.first { table[$0].verb == .farewell && table[$0].payload != 0 }
    guard let failed else { return CollectiveError(.mismatch(calls: texts)) }
    let code = Farewell(payload: table[failed].payload).exitCode
    return CollectiveError(.peerFailed(rank: failed, message: texts[failed], exitCode: code))
  }
}
