// `unsafe` is sound here because every buffer is written within its count.
import Collective
import Tensors
import Testing

@testable import Worker

@Suite struct LaneSumsTests {
  /// Values whose float sum depends on the order of the additions.
  private static func leaf(_ microbatch: Int, _ place: Int) -> Float {
    var random = RandomStream(seed: 1, purpose: .test, sample: microbatch, view: place)
    return random.uniform(in: -1...1) * Float(1 << random.integer(below: 20))
  }

  /// The definition: split at the largest power of two below the length.
  private static func reference(_ range: Range<Int>, _ place: Int) -> Float {
    if range.count == 1 { return leaf(range.lowerBound, place) }
    var half = 1
    while half * 2 < range.count { half *= 2 }
    let middle = range.lowerBound + half
    return reference(range.lowerBound..<middle, place) + reference(middle..<range.upperBound, place)
  }

  private static func sum(microbatches: Int, lanes: Int, width: Int) -> [Float] {
    let all = (0..<lanes).map { _ in LaneSums(leafCount: width, microbatches: microbatches) }
    for lane in 0..<lanes {
      for microbatch in lane * microbatches / lanes..<(lane + 1) * microbatches / lanes {
        let buffer = all[lane].buffer()
        for place in 0..<width { unsafe buffer.base[place] = leaf(microbatch, place) }
        all[lane].add(microbatch, buffer)
      }
    }
    let (root, additions) = LaneSums.join(all)
    for addition in additions { accumulate(addition.from, into: addition.into, 0..<width) }
    return Array(root.array.prefix(width))
  }

  @Test(arguments: 1...9, 1...5)
  func `any number of lanes sums by the one tree`(microbatches: Int, lanes: Int) {
    let width = 7
    let expected = (0..<width).map { Self.reference(0..<microbatches, $0) }
    #expect(Self.sum(microbatches: microbatches, lanes: lanes, width: width) == expected)
  }
}
