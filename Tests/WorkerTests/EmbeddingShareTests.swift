import Testing

@testable import Worker

@Suite struct EmbeddingShareTests {
  @Test(arguments: [1, 2, 3, 5, 8, 10], [1, 4, 6, 16])
  func `ranks take whole samples, and every part starts a block`(clips: Int, blockClips: Int) {
    for (count, ranks) in [(0, 2), (1, 3), (7, 2), (24, 4), (101, 3), (1000, 8)] {
      let shares = (0..<ranks).map {
        EmbeddingPass.Share(
          of: count, clips: clips, blockClips: blockClips, rank: $0, ranks: ranks)
      }
      #expect(shares.flatMap { Array($0.samples) } == Array(0..<count))
      for share in shares {
        let parts = share.parts(ofClips: 50)
        #expect(parts.flatMap { Array($0) } == Array(share.samples))
        for part in parts {
          #expect(part.lowerBound * clips % blockClips == 0)
          #expect(part.count * clips <= max(50, clips * blockClips))
        }
      }
    }
  }
}
