import Foundation

/// Which of a query's negatives take part in the loss: the hard ones, but not the very hardest.
///
/// Negatives are ranked by similarity to the query; the first ceil(dropShare · n) are dropped (none
/// of fewer than 500), and the next ceil(keepShare · n), at least one, are kept. Equal similarities
/// rank by position, the lowest first. After Cai et al., "Are all negatives created equal in
/// contrastive instance discrimination?", arXiv 2010.06682: of their 65,536 momentum keys the hardest
/// 5 % suffice, and the top 0.1 % are mostly false negatives.
struct HardNegatives: Equatable {
  /// The smallest pool whose hardest negatives are dropped.
  static let smallestDroppingPool = 500

  /// No negative is left out.
  static let keepingAll = HardNegatives(keepShare: 1, dropShare: 0)

  let keepShare: Double
  let dropShare: Double

  /// The ranks that are kept of `count` negatives; empty only if `count` is 0.
  func ranks(of count: Int) -> Range<Int> {
    guard count > 0 else { return 0..<0 }
    let wanted = count < Self.smallestDroppingPool ? 0 : Self.ceiling(dropShare, of: count)
    let dropped = min(wanted, count - 1)
    return dropped..<min(dropped + max(1, Self.ceiling(keepShare, of: count)), count)
  }

  /// Moves the kept ones of the first `count` keys to the range of their ranks, in no special order.
  ///
  /// - Parameters:
  ///   - keys: distinct; a larger key is a harder negative.
  ///   - count: how many there are.
  func select(_ keys: inout [UInt64], count: Int) -> Range<Int> {
    let kept = ranks(of: count)
    var keys = keys.mutableSpan
    Self.moveLargest(kept.upperBound, in: &keys, below: count)
    Self.moveLargest(kept.lowerBound, in: &keys, below: kept.upperBound)
    return kept
  }

  /// A key that ranks by similarity, then by lowest position; NaN of either sign has a rank, too.
  static func key(_ similarity: Float, at position: Int) -> UInt64 {
    let bits = (similarity + 0).bitPattern  // + 0 makes −0 and 0 equal
    let mask = UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 0x8000_0000
    return UInt64(bits ^ mask) << 32 | UInt64(~UInt32(truncatingIfNeeded: position))
  }

  /// The position in a key.
  static func position(of key: UInt64) -> Int { Int(~UInt32(truncatingIfNeeded: key)) }

  /// ceil(share · count), not fooled by the rounding of 0.05 · 140 = 7.000000000000001.
  private static func ceiling(_ share: Double, of count: Int) -> Int {
    Int((share * Double(count) - 1e-9).rounded(.up))
  }

  /// Quickselect: afterwards the first `wanted` of the first `end` keys are the largest ones.
  private static func moveLargest(
    _ wanted: Int, in keys: inout MutableSpan<UInt64>, below end: Int
  ) {
    var (low, high) = (0, end)
    while wanted > low && wanted < high && high - low > 1 {
      keys.swapAt(low, medianPosition(keys[low], keys[(low + high) / 2], keys[high - 1], low, high))
      let pivot = keys[low]
      // Branch-free partition: each key goes to `store`, which only advances past larger keys.
      var store = low + 1
      for index in low + 1..<high {
        let key = keys[index]
        keys[index] = keys[store]
        keys[store] = key
        store += key > pivot ? 1 : 0
      }
      let place = store - 1
      keys.swapAt(low, place)
      if place < wanted { low = place + 1 } else { high = place }
    }
  }

  /// The position of the median of three keys: first, middle and last of `low` ..< `high`.
  private static func medianPosition(
    _ first: UInt64, _ middle: UInt64, _ last: UInt64, _ low: Int, _ high: Int
  ) -> Int {
    if (first < middle) == (middle < last) { return (low + high) / 2 }
    return (middle < first) == (first < last) ? low : high - 1
  }
}
