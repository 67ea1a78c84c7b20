/// How a rank ends its work, as it tells its peers.
struct Farewell: Sendable {
  /// An error, in words.
  struct Failure: Sendable {
    let message: String
    let exitCode: Int32
    /// Whether it is only the echo of another rank's failure.
    let isRelayed: Bool

    init(_ message: String, _ exitCode: Int32, isRelayed: Bool = false) {
      (self.message, self.exitCode, self.isRelayed) = (message, exitCode, isRelayed)
    }

    init(_ error: any Error) {
      self.init(
        String(describing: error), CollectiveError.exitCode(of: error),
        isRelayed: (error as? CollectiveError)?.isRelayed ?? false)
    }
  }

  /// The words, on the failing rank itself.
  let message: String?
  /// 0 for an orderly end; else bit 32 is set, bit 33 for an echo, and bits 0…31 are the exit code.
  let payload: UInt64

  init(_ failure: Failure?) {
    message = failure?.message
    guard let failure else {
      payload = 0
      return
    }
    payload =
      UInt64(UInt32(bitPattern: failure.exitCode)) | 1 << 32 | (failure.isRelayed ? 1 << 33 : 0)
  }

  init(payload: UInt64) { (message, self.payload) = (nil, payload) }

  var hasFailed: Bool { payload != 0 }
  var isRelayed: Bool { payload & 1 << 33 != 0 }
  var exitCode: Int32 { Int32(bitPattern: UInt32(truncatingIfNeeded: payload)) }
}

extension Station {
  /// Meets the other ranks for the last time, and tells them how the work ended here.
  ///
  /// - Throws: What ended the world, if it has ended already or if another rank failed.
  mutating func leave(_ failure: Farewell.Failure?) throws(CollectiveError) {
    let mine = Farewell(failure)
    let site = "the end of the work"
    let table = try meet(
      Call(.farewell, at: site, payload: mine.payload), at: site, failure: failure?.message)
    let other = try firstFailure(in: table, mine)
    let own = failure.map {
      CollectiveError.Kind.peerFailed(rank: rank, message: $0.message, exitCode: $0.exitCode)
    }
    end(other ?? CollectiveError(own ?? .invalid("the world of these ranks has ended")))
    if let other { throw other }
  }

  /// Another rank's failure, when all ranks met and some said that they had failed; failures of
  /// their own count before echoes, and lower ranks before higher ones.
  mutating func firstFailure(
    in table: [Call], _ mine: Farewell
  ) throws(CollectiveError) -> CollectiveError? {
    let ends = table.map { Farewell(payload: $0.payload) }
    let failed = ends.indices.filter { ends[$0].hasFailed }
    guard let first = failed.first(where: { !ends[$0].isRelayed }) ?? failed.first else {
      return nil
    }
    let texts = try describe(mine.message ?? "")
    if first == rank { return nil }
    return CollectiveError(
      .peerFailed(rank: first, message: texts[first], exitCode: ends[first].exitCode))
  }
}
