import Testing

@testable import Worker

/// Each epoch shows every video to one rank: shares are disjoint, complete and even.
@Suite struct RankShareTests {
  @Test(arguments: 1...7)
  func `the looks at a dataset's files are shared evenly`(ranks: Int) {
    for count in [0, 1, 6, 7, 23, 100, 101, 9537] {
      let shares = (0..<ranks).map { RankShare.range(of: count, rank: $0, ranks: ranks) }
      #expect(shares.flatMap { Array($0) } == Array(0..<count))
      let sizes = shares.map(\.count)
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  @Test(arguments: 1...7)
  func `the embedding of a dataset is shared evenly`(ranks: Int) {
    for (count, clips, blockClips) in [(23, 3, 32), (101, 1, 4), (64, 2, 2), (9537, 10, 16)] {
      let shares = (0..<ranks).map {
        EmbeddingPass.Share(
          of: count, clips: clips, blockClips: blockClips, rank: $0, ranks: ranks)
      }
      #expect(shares.flatMap { Array($0.samples) } == Array(0..<count))
      let sizes = shares.map(\.samples.count)
      // Whole blocks: so many samples fill one.
      let unit = (1...blockClips).first { $0 * clips % blockClips == 0 } ?? blockClips
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 2 * unit)
    }
  }

  @Test(arguments: 1...7, [840, 847, 1261])
  func `static shards give a rank the same videos in every epoch, evenly and each to one rank`(
    ranks: Int, count: Int
  ) {
    let (shards, videos) = (420, 840)
    let fine = (0..<count).map { Int32($0 % 9) }
    var shares: [[Set<Int>]] = []
    var orders = Set<[Int]>()
    for epoch in 0..<4 {
      let plan = BatchPlan(
        count: count, videosPerStep: videos,
        labels: PseudoLabels(fine: fine, coarse: fine), perCluster: 2, shards: shards,
        replacing: [], seed: 3, epoch: epoch)
      #expect(plan.steps.count == count / videos)
      #expect(Set(plan.steps.joined()).count == count / videos * videos)
      orders.insert(Array(plan.steps.joined()))
      shares.append(
        (0..<ranks).map { rank in
          Set(
            plan.steps.flatMap { $0[RankShare.range(of: videos, rank: rank, ranks: ranks)] })
        })
    }
    #expect(orders.count == 4)
    let mine = (0..<ranks).map { rank in RankShare.range(of: count, rank: rank, ranks: ranks) }
    for share in shares {
      for rank in 0..<ranks { #expect(share[rank].isSubset(of: mine[rank])) }
      #expect(share.allSatisfy { $0.count == share[0].count })
    }
  }

  @Test(arguments: 1...7)
  func `a step's videos are each loaded by one rank, the same number by all`(ranks: Int) {
    let (count, videos) = (50, 2 * ranks)
    let none = [Int32](repeating: -1, count: count)
    let plan = BatchPlan(
      count: count, videosPerStep: videos, labels: PseudoLabels(fine: none, coarse: none),
      perCluster: 2, replacing: [], seed: 3, epoch: 1)
    var seen = Set<Int>()
    for step in plan.steps {
      let shares = (0..<ranks).map { step[RankShare.range(of: videos, rank: $0, ranks: ranks)] }
      #expect(shares.allSatisfy { $0.count == 2 })
      for sample in shares.joined() { #expect(seen.insert(sample).inserted) }
    }
    #expect(seen.count == count / videos * videos)
  }
}
