/// Ranks that compute one dendrogram together: each has all rows, and searches for its share.
///
/// All ranks do the same merges, as they see the same neighbours; so a rank tells the others only
/// what it found.
public protocol SearchTeam: Sendable {
  /// This rank's number.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// Gives every rank everybody's elements, joined in rank order; called by all ranks alike.
  func gather<Element: BitwiseCopyable & Sendable>(_ mine: [Element]) throws -> [Element]
}

/// One rank, which has nobody to ask.
struct Alone: SearchTeam {
  var rank: Int { 0 }
  var size: Int { 1 }
  func gather<Element: BitwiseCopyable & Sendable>(_ mine: [Element]) throws -> [Element] { mine }
}
