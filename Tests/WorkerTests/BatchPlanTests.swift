import Testing

@testable import Worker

@Suite struct BatchPlanTests {
  private static func plan(
    count: Int = 50, videos: Int = 8, fine: [Int32]? = nil, perCluster: Int = 2,
    replacing: Set<Int> = [], seed: UInt64 = 3, epoch: Int = 1
  ) -> BatchPlan {
    let none = [Int32](repeating: -1, count: count)
    return BatchPlan(
      count: count, videosPerStep: videos, labels: PseudoLabels(fine: fine ?? none, coarse: none),
      perCluster: perCluster, replacing: replacing, seed: seed, epoch: epoch)
  }

  @Test func `every step is full and no sample occurs twice in an epoch`() {
    for fine in [nil, (0..<50).map { Int32($0 % 7) }] {
      let plan = Self.plan(fine: fine)
      #expect(plan.steps.count == 6)
      #expect(plan.steps.allSatisfy { $0.count == 8 })
      #expect(Set(plan.steps.joined()).count == 48)
    }
  }

  @Test func `the plan is a pure function of its arguments`() {
    #expect(Self.plan() == Self.plan())
    #expect(Self.plan() != Self.plan(epoch: 2))
    #expect(Self.plan() != Self.plan(seed: 4))
  }

  @Test func `members of a cluster meet in the same step`() {
    let fine = (0..<48).map { Int32($0 / 4) }
    let plan = Self.plan(count: 48, fine: fine, perCluster: 4)
    var together = 0
    for step in plan.steps {
      let counts = Dictionary(grouping: step) { fine[$0] }.mapValues(\.count)
      together += counts.values.count { $0 == 4 }
    }
    #expect(together == 12)
  }

  @Test func `unreadable samples are replaced by readable ones, the same each time`() {
    let bad: Set<Int> = [3, 17, 40]
    let plan = Self.plan(replacing: bad)
    #expect(bad.isDisjoint(with: plan.steps.joined()))
    #expect(plan == Self.plan(replacing: bad))
    let clean = Self.plan()
    let changed = zip(plan.steps.joined(), clean.steps.joined()).count { $0 != $1 }
    #expect(changed <= bad.count)
  }
}
