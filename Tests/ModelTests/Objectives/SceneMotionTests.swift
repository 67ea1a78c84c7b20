import Tensors
import Testing

@testable import Model

@Suite("DSM's triplets") struct SceneMotionTests {
  /// The negatives that anchors of a batch met, by anchor.
  private func met(
    _ keepShare: Double, hidesCoarse: Bool = false, step: Int = 0
  ) -> (strangers: [Int: Int], batch: EmbeddedBatch) {
    var objective = SceneMotion(
      form: .triplet, keepShare: keepShare, dropShare: 0, hidesCoarse: hidesCoarse)
    let batch = randomBatch(rows: 9, width: 6, views: 3, fine: 9, coarse: 3, step: step)
    let pairs = objective.evaluate(batch).pairs.negatives
    return (Dictionary(uniqueKeysWithValues: pairs.map { ($0.query, $0.other) }), batch)
  }

  @Test("meet the mirrored row where all negatives are kept, as published")
  func mirrored() {
    let strangers = met(1).strangers
    #expect(
      strangers == Dictionary(uniqueKeysWithValues: (0..<9).filter { $0 != 4 }.map { ($0, 8 - $0) })
    )
    // Rows 1 and 7 are of one coarse cluster.
    let apart = met(1, hidesCoarse: true).strangers
    #expect(apart == strangers.filter { ($0.key - $0.value) % 3 != 0 })
  }

  @Test(
    "meet the hardest of all strangers where one is kept, of another coarse cluster where asked")
  func hardest() {
    for hides in [false, true] {
      let (strangers, batch) = met(0.01, hidesCoarse: hides)
      let rows = batch.views.map { UnitRows($0).unit }
      for anchor in 0..<9 {
        func cosine(_ other: Int) -> Float {
          zip(rows[0].row(anchor), rows[1].row(other)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let others = (0..<9).filter { $0 != anchor && !(hides && $0 % 3 == anchor % 3) }
        #expect(strangers[anchor] == others.max { cosine($0) < cosine($1) })
      }
    }
  }

  @Test("draw among those that are kept")
  func drawn() {
    let all = (0..<40).map { met(0.5, step: $0 + 1).strangers }
    #expect(Set(all.compactMap { $0[0] }).count > 4)
    #expect(all.allSatisfy { $0.count == 9 })
  }
}
