/// Every rank's elements, in rank order; the ranks may have given different numbers of them.
public struct Gathered<Element>: Sendable where Element: Sendable {
  /// All elements: rank 0's, then rank 1's, and so on.
  public let joined: [Element]
  /// The number of elements of each rank.
  public let counts: [Int]
  private let starts: [Int]

  /// Cuts `joined` into blocks of `counts`.
  public init(joined: [Element], counts: [Int]) {
    var starts = [0]
    for count in counts { starts.append((starts.last ?? 0) + count) }
    precondition(starts.last == joined.count, "\(counts) do not cut \(joined.count) elements")
    (self.joined, self.counts, self.starts) = (joined, counts, starts)
  }

  /// The number of ranks.
  public var size: Int { counts.count }

  /// Where the elements of `rank` are in `joined`.
  public func range(of rank: Int) -> Range<Int> { starts[rank]..<starts[rank + 1] }

  /// A copy of the elements of `rank`; may be empty.
  public subscript(rank: Int) -> [Element] { Array(joined[range(of: rank)]) }
}
