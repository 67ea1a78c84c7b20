import Model
import Testing

@testable import Worker

struct SubjectsTests {
  /// Clusters {0, 2, 4, 6}, {1, 3, 5}, {7}; 8 has no label.
  private static let labels = PseudoLabels(
    fine: [0, 1, 0, 1, 0, 1, 0, 2, -1], coarse: [0, 0, 0, 0, 0, 0, 0, 0, -1])

  private static func draw(_ subject: View.Subject, epoch: Int, _ batch: [Int]) -> [Int] {
    subject.samples(for: batch, labels: labels, seed: 3, epoch: epoch)
  }

  @Test func `A mate is another member of the fine cluster, each as likely as the others`() {
    var counts = [Int](repeating: 0, count: 9)
    for epoch in 0..<3000 {
      counts[Self.draw(.mate(ownShare: 0), epoch: epoch, [2])[0]] += 1
    }
    #expect(counts[2] == 0 && counts[1] + counts[3] + counts[5] + counts[7] + counts[8] == 0)
    for mate in [0, 4, 6] { #expect(abs(counts[mate] - 1000) < 120) }
  }

  @Test func `The own video comes with its share, and always to who is alone or unlabelled`() {
    var own = 0
    for epoch in 0..<2000 {
      let drawn = Self.draw(.mate(ownShare: 0.2), epoch: epoch, [5, 7, 8])
      own += drawn[0] == 5 ? 1 : 0
      #expect(drawn[1] == 7 && drawn[2] == 8)
    }
    #expect(abs(own - 400) < 80)
    #expect(Self.draw(.mate(ownShare: 1), epoch: 0, [0, 1, 2]) == [0, 1, 2])
    #expect(Self.draw(.own, epoch: 0, [4, 4, 1]) == [4, 4, 1])
  }

  @Test func `A draw depends on the sample and not on its place in the batch`() {
    let (one, other) = (
      Self.draw(.mate(ownShare: 0.3), epoch: 1, [0, 1, 2, 3]),
      Self.draw(.mate(ownShare: 0.3), epoch: 1, [3, 2, 1, 0])
    )
    #expect(one == other.reversed())
  }
}
