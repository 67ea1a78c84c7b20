import Tensors
import Testing

@testable import Video

@Suite("The order of a view's frames") struct FrameOrderTests {
  private func orders(_ order: ViewRecipe.Order, _ count: Int, _ draws: Int = 200) -> [[Int]] {
    (0..<draws).map { sample in
      var random = RandomStream(seed: 4, purpose: .test, sample: sample)
      return order.frames(count, using: &random)
    }
  }

  @Test("repeats one frame, any of them")
  func repeats() {
    let all = orders(.repeat, 8)
    #expect(all.allSatisfy { $0.count == 8 && Set($0).count == 1 })
    #expect(Set(all.map { $0[0] }) == Set(0..<8))
  }

  @Test("turns time round")
  func reverses() {
    #expect(Set(orders(.reverse, 5)) == [[4, 3, 2, 1, 0]])
    #expect(ViewRecipe("same+residual+reverse")?.description == "same+reverse+residual")
  }

  @Test("swaps two of four chunks, every pair being met")
  func shuffles() {
    func naive(_ first: Int, _ second: Int) -> [Int] {
      var chunks = [[0, 1], [2, 3], [4, 5], [6, 7]]
      (chunks[first], chunks[second]) = (chunks[second], chunks[first])
      return chunks.flatMap { $0 }
    }
    let pairs = (0..<4).flatMap { first in (first + 1..<4).map { naive(first, $0) } }
    #expect(Set(orders(.shuffle, 8)) == Set(pairs))
  }

  @Test(
    "breaks clips of any length, and keeps their frames", arguments: [1, 2, 3, 4, 5, 7, 16, 30])
  func lengths(count: Int) {
    for order in orders(.shuffle, count, 30) {
      #expect(order.sorted() == Array(0..<count))
      #expect((order == Array(0..<count)) == (count == 1))
    }
    for order in orders(.jumble, count, 30) {
      #expect(order.count == count && order.allSatisfy { (0..<count).contains($0) })
    }
    #expect(orders(.filmed, count, 1) == [Array(0..<count)])
  }

  @Test("jumbles by insertions, then exchanges, as many as the length says")
  func jumbles() {
    for (count, edits) in [(8, 2), (16, 2), (30, 6)] {
      for sample in 0..<20 {
        var random = RandomStream(seed: 4, purpose: .test, sample: sample)
        var naive = Array(0..<count)
        for _ in 0..<edits {
          let place = random.integer(below: count)
          let copied = naive[random.integer(below: count)]
          naive = Array((naive[..<place] + [copied] + naive[place...]).prefix(count))
        }
        for _ in 0..<edits {
          let first = random.integer(below: count)
          let second = (first + 1 + random.integer(below: count - 1)) % count
          (naive[first], naive[second]) = (naive[second], naive[first])
        }
        var again = RandomStream(seed: 4, purpose: .test, sample: sample)
        #expect(ViewRecipe.Order.jumble.frames(count, using: &again) == naive)
      }
    }
    let changed = orders(.jumble, 16).filter { $0 != Array(0..<16) }
    #expect(changed.count >= 195)
  }
}
