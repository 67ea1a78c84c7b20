/// Ranks that cluster together: each has all rows, and searches or compares for its share.
///
/// All ranks come to the same merges or centres, as all know what each one found; so nothing else is told.
public protocol SearchTeam: Sendable {
  /// This rank's number.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// Gives every rank everybody's elements, joined in rank order; called by all ranks alike.
  func gather<Element: BitwiseCopyable & Sendable>(_ mine: [Element]) throws -> [Element]
}

extension SearchTeam {
  /// Whether this rank is the one that keeps what a cluster knows.
  ///
  /// Slots are strewn over the ranks: where neighbouring rows merge first, what is left has, say, even slots.
  func keeps(_ slot: Int32) -> Bool {
    Int(UInt32(bitPattern: slot) &* 2_654_435_769 >> 16) % size == rank
  }
}

/// One rank, which has nobody to ask.
struct Alone: SearchTeam {
  var rank: Int { 0 }
  var size: Int { 1 }
  func gather<Element: BitwiseCopyable & Sendable>(_ mine: [Element]) throws -> [Element] { mine }
}
