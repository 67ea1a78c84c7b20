/// The collectives, as ranks name them to each other.
enum Verb: UInt8 {
  case none, barrier, allGather, gather, broadcast, decide, agree, allEqual, treeSum, sum
  case endOfSum, farewell

  /// The name in the public interface.
  var name: String {
    switch self {
    case .none: "nothing"
    case .barrier: "barrier"
    case .allGather: "allGather"
    case .gather: "gather"
    case .broadcast: "broadcast"
    case .decide: "decide"
    case .agree: "agree"
    case .allEqual: "allEqual"
    case .treeSum: "treeSum"
    case .sum: "sum(while:)"
    case .endOfSum: "the end of sum(while:)"
    case .farewell: "the end of its work"
    }
  }

  /// Whether every rank must bring the same number of elements.
  var needsEqualCounts: Bool { self == .treeSum || self == .sum }
}

/// The fingerprint of one rank's call: 32 bytes that are compared before any payload moves.
struct Call: BitwiseCopyable, Sendable {
  /// How many collectives came before on this communicator.
  var sequence: UInt32 = 0
  private var verbCode: UInt8 = 0
  private var unused: UInt8 = 0
  var elementBytes: UInt16 = 0
  /// The root, or -1 where the verb has none.
  var root: Int32 = -1
  private var siteHash: UInt32 = 0
  var count: Int64 = 0
  /// What the verb itself wants to know of every rank: flags, a hash, an exit code.
  var payload: UInt64 = 0

  /// A rank of whom nothing is known yet.
  init() {}

  init(
    _ verb: Verb, at site: String, elementBytes: Int = 0, count: Int = 0, root: Int = -1,
    payload: UInt64 = 0
  ) {
    verbCode = verb.rawValue
    self.elementBytes = UInt16(truncatingIfNeeded: elementBytes)
    self.root = Int32(truncatingIfNeeded: root)
    self.count = Int64(count)
    self.payload = payload
    siteHash = 2_166_136_261  // FNV-1a
    for byte in site.utf8 { siteHash = (siteHash ^ UInt32(byte)) &* 16_777_619 }
  }

  var verb: Verb { Verb(rawValue: verbCode) ?? .none }

  /// Whether this call and `other` are the same collective.
  func matches(_ other: Call) -> Bool {
    sequence == other.sequence && verbCode == other.verbCode && root == other.root
      && elementBytes == other.elementBytes && siteHash == other.siteHash
      && (!verb.needsEqualCounts || count == other.count)
  }

  /// The call in words, as a mismatch prints it.
  func description(at site: String) -> String {
    var words = "\(verb.name) in \(site), call \(sequence)"
    if root >= 0 { words += ", root \(root)" }
    if elementBytes > 0 { words += ", \(count) elements of \(elementBytes) bytes" }
    return words
  }
}
