/// Some of the pairs that a batch's loss was made of, by manifest index: for reports alone.
public struct PairSample: Sendable, Equatable {
  /// Two samples that a query brought together.
  public struct Pair: Sendable, Equatable {
    /// The sample of the query.
    public let query: Int
    /// The sample of the row that it met.
    public let other: Int
  }

  /// Pairs that were pulled together.
  public private(set) var positives: [Pair] = []
  /// Pairs that were pushed apart; intra-negatives, which show the query's own video, are left out.
  public private(set) var negatives: [Pair] = []

  /// The most pairs of a kind that one query adds.
  private static let perQuery = 8

  /// Starts with none.
  public init() {}

  /// Adds a query's pairs; of many, evenly spaced ones, the first of which varies with the query.
  mutating func add(
    query: Int, positives: some RandomAccessCollection<Int>,
    negatives: some RandomAccessCollection<Int>
  ) {
    self.positives += Self.some(of: positives, query).map { Pair(query: query, other: $0) }
    self.negatives += Self.some(of: negatives, query).map { Pair(query: query, other: $0) }
  }

  /// Those whose samples are all below a number.
  func below(_ count: Int) -> PairSample {
    var rest = PairSample()
    rest.positives = positives.filter { $0.query < count && $0.other < count }
    rest.negatives = negatives.filter { $0.query < count && $0.other < count }
    return rest
  }

  private static func some(of others: some RandomAccessCollection<Int>, _ query: Int) -> [Int] {
    let count = others.count
    let wanted = min(count, perQuery)
    return (0..<wanted).map {
      let place = ($0 * count + query % count) / wanted
      return others[others.index(others.startIndex, offsetBy: place)]
    }
  }
}
