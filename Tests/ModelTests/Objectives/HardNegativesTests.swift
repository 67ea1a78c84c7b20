import Tensors
import Testing

@testable import Model

struct HardNegativesTests {
  @Test(
    "Shares become ranks as the policy says",
    arguments: [
      (0, 0..<0), (1, 0..<1), (7, 0..<1), (20, 0..<1), (21, 0..<2), (140, 0..<7), (499, 0..<25),
      (500, 1..<26), (1000, 1..<51), (1001, 2..<53), (65_536, 66..<3343),
    ])
  func ranks(_ count: Int, _ expected: Range<Int>) {
    #expect(HardNegatives(keepShare: 0.05, dropShare: 0.001).ranks(of: count) == expected)
  }

  @Test("Everything is kept at 1 and 0, and something at any shares")
  func extremes() {
    #expect(HardNegatives(keepShare: 1, dropShare: 0).ranks(of: 2304) == 0..<2304)
    #expect(HardNegatives(keepShare: 1, dropShare: 0.1).ranks(of: 1000) == 100..<1000)
    #expect(HardNegatives(keepShare: 1e-9, dropShare: 0.9999).ranks(of: 600) == 599..<600)
  }

  @Test("Selection agrees with a full sort", arguments: [1, 2, 3, 10, 500, 501, 2304])
  func selection(_ count: Int) {
    let policy = HardNegatives(keepShare: 0.05, dropShare: 0.01)
    for trial in 0..<20 {
      var random = RandomStream(seed: 3, purpose: .test, sample: trial)
      var keys = (0..<count).map { position in
        // Few distinct values, so that ties abound.
        HardNegatives.key(Float(random.integer(below: trial + 1)) / 10 - 0.5, at: position)
      }
      let sorted = keys.sorted(by: >)
      let kept = policy.select(&keys, count: count)
      #expect(Set(keys[kept]) == Set(sorted[kept]))
    }
  }

  @Test("Keys rank by similarity, equal ones by the lowest position")
  func keys() {
    let similarities: [Float] = [-1, -0.5, -1e-30, 0, 1e-30, 0.25, 1]
    let keys = similarities.map { HardNegatives.key($0, at: 5) }
    #expect(keys == keys.sorted())
    #expect(HardNegatives.key(0.5, at: 3) > HardNegatives.key(0.5, at: 4))
    #expect(HardNegatives.key(-0.0, at: 3) == HardNegatives.key(0.0, at: 3))
    #expect(HardNegatives.position(of: HardNegatives.key(0.7, at: 70_000)) == 70_000)
  }
}
