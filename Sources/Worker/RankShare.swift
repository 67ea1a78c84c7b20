/// Which of a number of things is whose: ranges in the order of the ranks, as even as can be.
public enum RankShare {
  /// One rank's range of 0 ..< `count`; all ranks' together are that, and differ by one at most.
  public static func range(of count: Int, rank: Int, ranks: Int) -> Range<Int> {
    rank * count / ranks..<(rank + 1) * count / ranks
  }
}
