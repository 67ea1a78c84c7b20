// `unsafe` is sound here because all leaves have one length.
internal import Collective
internal import Tensors

/// The lower part of the one fixed tree: a lane's share of the sum of microbatch gradients.
///
/// A lane takes consecutive microbatches and keeps the sums of whole subtrees, so it holds few
/// buffers. Whoever computes a leaf, the additions are those of the tree: the bits do not depend on
/// the number of lanes.
///
/// `@unchecked Sendable`: one lane uses it at a time; `join` runs when no lane does.
final class LaneSums: @unchecked Sendable {
  /// A subtree's sum.
  private struct Partial {
    let leaves: Range<Int>
    let sum: AlignedStorage
  }

  private let leafCount: Int
  private let microbatches: Int
  private var partials: [Partial] = []
  private var spare: [AlignedStorage] = []

  init(leafCount: Int, microbatches: Int) {
    self.leafCount = leafCount
    self.microbatches = microbatches
  }

  /// The most buffers of a lane with so many leaves, a power of two: the sums of one subtree of each size,
  /// and the leaf that is being made.
  static func bufferCount(leaves: Int) -> Int { Int.bitWidth - leaves.leadingZeroBitCount }

  /// A buffer for the next leaf.
  func buffer() -> AlignedStorage { spare.popLast() ?? AlignedStorage(count: leafCount) }

  /// Adds a finished leaf; joins it with its neighbours as far as the tree allows.
  func add(_ microbatch: Int, _ leaf: AlignedStorage) {
    partials.append(Partial(leaves: microbatch..<microbatch + 1, sum: leaf))
    while partials.count >= 2 {
      let (left, right) = (partials[partials.count - 2], partials[partials.count - 1])
      guard ReductionTree.sibling(of: left.leaves, in: 0..<microbatches) == right.leaves else {
        return
      }
      accumulate(right.sum, into: left.sum, 0..<leafCount)
      partials.removeLast(2)
      partials.append(
        Partial(leaves: left.leaves.lowerBound..<right.leaves.upperBound, sum: left.sum))
      spare.append(right.sum)
    }
  }

  /// The additions that are left when every lane has added its leaves, in order.
  ///
  /// After the last one, `root` is the whole sum. The buffers go back to their lanes.
  static func join(_ lanes: [LaneSums]) -> (
    root: AlignedStorage, additions: [(into: AlignedStorage, from: AlignedStorage)]
  ) {
    var rest = lanes.flatMap(\.partials)
    let microbatches = lanes[0].microbatches
    var additions: [(into: AlignedStorage, from: AlignedStorage)] = []
    while rest.count > 1 {
      let place = rest.indices.dropLast().first {
        ReductionTree.sibling(of: rest[$0].leaves, in: 0..<microbatches) == rest[$0 + 1].leaves
      }
      guard let place else { preconditionFailure("the leaves are not those of one tree") }
      additions.append((rest[place].sum, rest[place + 1].sum))
      rest[place] = Partial(
        leaves: rest[place].leaves.lowerBound..<rest[place + 1].leaves.upperBound,
        sum: rest[place].sum)
      rest.remove(at: place + 1)
    }
    for lane in lanes {
      lane.spare += lane.partials.map(\.sum)
      lane.partials = []
    }
    return (rest[0].sum, additions)
  }
}

/// Adds a range of one buffer to another.
func accumulate(_ from: AlignedStorage, into sum: AlignedStorage, _ range: Range<Int>) {
  let (source, target) = unsafe (from.base, sum.base)
  for index in range { unsafe target[index] += source[index] }
}
