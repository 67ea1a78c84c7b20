/// An error that knows the exit code its process should leave with.
///
/// The command line conforms its own errors, so that a rank's code reaches all its peers.
public protocol ExitCoded: Error {
  /// The process's exit code, 1 … 125.
  var exitCode: Int32 { get }
}

/// What went wrong between the ranks, said in words that name ranks and call sites.
public struct CollectiveError: ExitCoded, CustomStringConvertible, Equatable, Sendable {
  /// The ways in which ranks fail each other.
  public enum Kind: Equatable, Sendable {
    /// The ranks met in different calls; `calls[r]` describes rank r's.
    case mismatch(calls: [String])
    /// The named ranks did not come within the deadline to the call at `site`.
    case deadline(missing: [Int], site: String, seconds: Double)
    /// Another rank failed, with this message and exit code.
    case peerFailed(rank: Int, message: String, exitCode: Int32)
    /// The transport's call failed, with the library's own text.
    case transport(call: String, text: String)
    /// The communicator cannot do this, or not any more.
    case invalid(String)
  }

  /// Which way, with its particulars.
  public let kind: Kind

  /// An error of a kind.
  public init(_ kind: Kind) { self.kind = kind }

  /// 76 for ranks that disagree, 79 for a missed deadline, the peer's own code, and 70 otherwise.
  public var exitCode: Int32 {
    switch kind {
    case .mismatch: 76
    case .deadline: 79
    case .peerFailed(_, _, let code): code
    case .transport, .invalid: 70
    }
  }

  /// The sentence for the log.
  public var description: String {
    switch kind {
    case .mismatch(let calls):
      "the ranks called different collectives: " + Self.grouped(calls)
    case .deadline(let missing, let site, let seconds):
      "\(Self.name(missing)) did not come to \(site) within the deadline, \(seconds) s"
    case .peerFailed(let rank, let message, _):
      "rank \(rank) failed: \(message)"
    case .transport(let call, let text):
      "\(call) failed: \(text)"
    case .invalid(let reason):
      reason
    }
  }

  /// Whether a peer failed first and this rank only heard of it.
  var isRelayed: Bool {
    if case .peerFailed = kind { true } else { false }
  }

  /// Whether peers may not know of this error.
  var leavesPeersBehind: Bool {
    switch kind {
    case .deadline, .transport: true
    case .mismatch, .peerFailed, .invalid: false
    }
  }

  /// The code for any error: its own where it has one, 1 where it has none.
  static func exitCode(of error: any Error) -> Int32 {
    (error as? any ExitCoded)?.exitCode ?? 1
  }

  private static func grouped(_ calls: [String]) -> String {
    var order: [String] = []
    var ranks: [String: [Int]] = [:]
    for (rank, call) in calls.enumerated() {
      if ranks[call] == nil { order.append(call) }
      ranks[call, default: []].append(rank)
    }
    return order.map { "\(name(ranks[$0] ?? [])): \($0)" }.joined(separator: "; ")
  }

  private static func name(_ ranks: [Int]) -> String {
    (ranks.count == 1 ? "rank " : "ranks ") + ranks.map(String.init).joined(separator: ", ")
  }
}
