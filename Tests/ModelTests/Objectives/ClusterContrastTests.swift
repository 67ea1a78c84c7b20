import Tensors
import Testing

@testable import Model

struct ClusterContrastTests {
  @Test("Unlabelled and with all negatives it is SimCLR")
  func warmUp() {
    let batch = randomBatch(rows: 40, width: 16)
    var cluster = ClusterContrast(keepShare: 1, dropShare: 0, queueLength: 0)
    var simCLR = SimCLR()
    let (a, b) = (cluster.evaluate(batch), simCLR.evaluate(batch))
    #expect(abs(a.loss - b.loss) < 1e-6)
    for view in 0..<2 {
      let wanted = b.gradients[view].values.map(Double.init)
      #expect(relativeDeviation(a.gradients[view].values, from: wanted) < 1e-5)
    }
    #expect(a.statistics["positives_per_query"] == 1)
    #expect(a.statistics["negatives_kept"] == 1)
  }

  @Test("When all share a label there are no negatives, no loss and no gradient")
  func oneClass() {
    var objective = ClusterContrast()
    let result = objective.evaluate(randomBatch(rows: 6, width: 4, fine: 1, coarse: 1))
    #expect(result.loss == 0)
    #expect(result.gradients.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    #expect(result.statistics["active_queries"] == 0)
  }

  @Test("Rows of one coarse label do not push each other away")
  func coarseLabels() {
    // Videos 0 and 1 share a coarse label, 2 is of another: rows 0 and 1 see only 2 as a negative.
    var batch = randomBatch(rows: 3, width: 4)
    batch.fine = [0, 1, 2]
    batch.coarse = [0, 0, 1]
    var objective = ClusterContrast(keepShare: 1, dropShare: 0, queueLength: 0)
    let before = objective.evaluate(batch)
    #expect(before.statistics["active_queries"] == 1)
    batch.coarse = [0, 0, -1]
    let unlabelled = objective.evaluate(batch)
    #expect(unlabelled.loss == before.loss)
  }

  @Test("The queue holds the newest rows and forgets the oldest")
  func queue() {
    var objective = ClusterContrast(queueLength: 10)
    for step in 0..<3 {
      _ = objective.evaluate(randomBatch(rows: 3, width: 4, step: step))
    }
    let newest = randomBatch(rows: 3, width: 4, step: 2)
    let state = objective.state
    #expect(state.integers["queue_next"] == [8])
    #expect(state.integers["queue_samples"] == [1, 2, 0, 1, 2, 0, 1, 2, 2, 0])
    #expect(state.arrays["queue"].map { Array($0[8..<32]) } == UnitRows(newest.rows).unit.values)
    #expect(state.arrays["queue"]?.count == 40)
  }

  @Test("Queue entries of the own video, fine or coarse label are no negatives")
  func queueExclusions() {
    var objective = ClusterContrast(keepShare: 1, dropShare: 0, queueLength: 3)
    objective.state = ObjectiveState(
      arrays: ["queue": [1, 0, 1, 0, 1, 0]], integers: ["queue_samples": [0, 1, 2]])
    let batch = EmbeddedBatch(
      views: [
        Matrix(rows: 1, columns: 2, values: [1, 1]), Matrix(rows: 1, columns: 2, values: [1, 1]),
      ],
      samples: [[0], [0]], fine: [0, 0, 1], coarse: [0, 1, 0])
    #expect(objective.evaluate(batch).statistics["active_queries"] == 0)
  }

  @Test("A video backwards is another video, of other clusters")
  func bothDirections() {
    // Four videos in three fine clusters; 4…7 are the same ones backwards, in clusters 3…5.
    let four = randomBatch(rows: 4, width: 6, views: 4, fine: 3, coarse: 2)
    let rows = { (view: Int) in four.views[view].values }
    let eight = EmbeddedBatch(
      views: [
        Matrix(rows: 8, columns: 6, values: rows(0) + rows(2)),
        Matrix(rows: 8, columns: 6, values: rows(1) + rows(3)),
      ],
      samples: [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7]],
      fine: [0, 1, 2, 0, 3, 4, 5, 3], coarse: [0, 1, 0, 1, 2, 3, 2, 3])
    var (told, plain) = (
      ClusterContrast(queueLength: 3, prototypeWeight: 1, bothDirections: true),
      ClusterContrast(queueLength: 3, prototypeWeight: 1)
    )
    for _ in 0..<2 {  // the second time queue and bank are filled
      let (a, b) = (told.evaluate(four), plain.evaluate(eight))
      #expect(a.loss == b.loss && a.statistics == b.statistics && told.state == plain.state)
      #expect(a.gradients.map(\.rows) == [4, 4, 4, 4])
      for view in 0..<2 {
        let joined = a.gradients[view].values + a.gradients[view + 2].values
        #expect(joined == b.gradients[view].values)
      }
      #expect(!a.pairs.negatives.isEmpty)
      #expect((a.pairs.positives + a.pairs.negatives).allSatisfy { max($0.query, $0.other) < 4 })
    }
  }

  @Test("A planned positive of another video is no negative")
  func plannedPositive() {
    let batch = EmbeddedBatch(
      views: [
        Matrix(rows: 1, columns: 2, values: [1, 0]), Matrix(rows: 1, columns: 2, values: [0, 1]),
      ],
      samples: [[0], [1]], fine: [-1, -1], coarse: [-1, -1])
    var objective = ClusterContrast(queueLength: 4)
    #expect(objective.evaluate(batch).statistics["active_queries"] == 0)
    #expect(objective.evaluate(batch).statistics["active_queries"] == 0)
  }
}
