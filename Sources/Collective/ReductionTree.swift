/// The one fixed binary tree by which lanes and ranks add: a range of leaves is split at the
/// largest power of two below its length.
///
/// Floating-point addition depends on its order. Everybody who sums microbatches uses this order,
/// so the sum has the same bits on any number of lanes and ranks. Where the leaves are dealt out
/// in equal blocks of a power of two (or to one rank), each rank's block is a node of the tree,
/// and the tree over the ranks is the upper part of the tree over the leaves.
public enum ReductionTree {
  /// The first index of the right half.
  ///
  /// - Parameter range: At least two leaves.
  public static func split(_ range: Range<Int>) -> Int {
    precondition(range.count >= 2, "\(range) has no two halves")
    let highestBit = Int.bitWidth - 1 - (range.count - 1).leadingZeroBitCount
    return range.lowerBound + (1 << highestBit)
  }

  /// The node above `node` in the tree over `whole`, or nil at the root.
  ///
  /// - Parameter node: A node of the tree: a range that repeated splitting of `whole` arrives at.
  public static func parent(of node: Range<Int>, in whole: Range<Int>) -> Range<Int>? {
    if node == whole { return nil }
    var range = whole
    while true {
      precondition(range.count >= 2, "\(node) is no node of the tree over \(whole)")
      let middle = split(range)
      let half =
        node.lowerBound < middle ? range.lowerBound..<middle : middle..<range.upperBound
      if half == node { return range }
      range = half
    }
  }

  /// The other half of `node`'s parent in the tree over `whole`, or nil at the root.
  public static func sibling(of node: Range<Int>, in whole: Range<Int>) -> Range<Int>? {
    guard let parent = parent(of: node, in: whole) else { return nil }
    return node.lowerBound == parent.lowerBound
      ? node.upperBound..<parent.upperBound : parent.lowerBound..<node.lowerBound
  }

  /// How often to add the two topmost partial sums of a stack after leaf `index` was pushed.
  ///
  /// Push the leaves 0 ..< `count` in order, and after each, this many times, replace the two
  /// topmost sums by (lower + upper). What is left at the end is the tree's sum, and the stack was
  /// never higher than the number of bits of `count`, plus one.
  public static func merges(afterLeaf index: Int, of count: Int) -> Int {
    precondition(index >= 0 && index < count, "leaf \(index) of \(count)")
    let isLast = index == count - 1
    return isLast ? (count - 1).nonzeroBitCount : (index + 1).trailingZeroBitCount
  }

  /// The tree's value: leaves combined as (left, right) up to the root.
  ///
  /// - Parameter range: At least one leaf.
  public static func reduce<Value>(
    _ range: Range<Int>, leaf: (Int) throws -> Value, combine: (Value, Value) throws -> Value
  ) rethrows -> Value {
    if range.count == 1 { return try leaf(range.lowerBound) }
    let middle = split(range)
    let left = try reduce(range.lowerBound..<middle, leaf: leaf, combine: combine)
    let right = try reduce(middle..<range.upperBound, leaf: leaf, combine: combine)
    return try combine(left, right)
  }
}
