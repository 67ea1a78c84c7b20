/// How far a clustering is: told about once a second while rows are compared, and with every round.
public enum ClusteringProgress: Sendable, Equatable, CustomStringConvertible {
  /// Takes what is told, on the caller's thread.
  public typealias Report = @Sendable (ClusteringProgress) -> Void

  /// All pairs are being compared, for everyone's nearest: this share of them is done, in 0…1.
  case comparing(rows: Int, share: Double)
  /// Rows have become this many clusters so far.
  case joining(left: Int)
  /// First centres are drawn.
  case seeding(centres: Int, of: Int)
  /// A round of k-means is over, in which some rows went to another centre; it ends when none do.
  case assigning(centres: Int, round: Int, moved: Int)

  /// The words, in one line.
  public var description: String {
    switch self {
    case .comparing(let rows, let share): "comparing \(rows) rows, \(Int(share * 100)) % done"
    case .joining(let left): "\(left) clusters left"
    case .seeding(let centres, let all): "centre \(centres) of \(all) drawn"
    case .assigning(let centres, let round, let moved):
      "round \(round) with \(centres) centres, \(moved) rows moved"
    }
  }
}
