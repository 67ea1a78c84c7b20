import Tensors
import Testing

@testable import Model

/// A batch of normal numbers; video b's fine label is b modulo `fine`, its coarse label likewise.
func randomBatch(
  rows: Int, width: Int, fine: Int = 0, coarse: Int = 0, scale: Float = 1, step: Int = 0
) -> EmbeddedBatch {
  var random = RandomStream(seed: 11, purpose: .test, sample: step)
  let views = (0..<2).map { _ in
    Matrix(
      rows: rows, columns: width,
      values: random.normals(rows * width).prefix(rows * width).map { $0 * scale })
  }
  let samples = Array(0..<rows)
  func labels(_ modulo: Int) -> [Int32] { samples.map { modulo > 0 ? Int32($0 % modulo) : -1 } }
  return EmbeddedBatch(
    views: views, samples: [samples, samples], fine: labels(fine), coarse: labels(coarse),
    step: step)
}

struct ObjectiveLawTests {
  static let objectives: [any Objective] = [
    SimCLR(temperature: 0.3),
    ClusterContrast(temperature: 0.3, keepShare: 1, dropShare: 0, queueLength: 10),
    ClusterContrast(temperature: 0.3, keepShare: 0.4, queueLength: 0, instanceWeight: 0.5),
  ]

  @Test("Gradients are the slopes of the loss", arguments: objectives)
  func finiteDifferences(_ objective: any Objective) {
    var filled = objective
    _ = filled.evaluate(randomBatch(rows: 5, width: 6, fine: 3, coarse: 3, step: 1))
    let batch = randomBatch(rows: 6, width: 6, fine: 4, coarse: 2)
    var plain = filled
    let gradients = plain.evaluate(batch).gradients
    let width: Float = 1.0 / 1024  // so small that no negative enters or leaves the kept ones
    for view in 0..<2 {
      for index in batch.views[view].values.indices {
        let losses = [width, -width].map { change in
          var (moved, objective) = (batch, filled)
          moved.views[view].values[index] += change
          return objective.evaluate(moved).loss
        }
        let slope = (losses[0] - losses[1]) / Double(2 * width)
        #expect(abs(slope - Double(gradients[view].values[index])) < 3e-4)
      }
    }
  }

  @Test(
    "Gradients are orthogonal to the rows, as the loss ignores their lengths", arguments: objectives
  )
  func orthogonality(_ objective: any Objective) {
    var objective = objective
    let batch = randomBatch(rows: 7, width: 9, fine: 3, coarse: 3)
    let gradients = objective.evaluate(batch).gradients
    for view in 0..<2 {
      for row in 0..<7 {
        let along = zip(batch.views[view].row(row), gradients[view].row(row)).reduce(0) {
          $0 + $1.0 * $1.1
        }
        #expect(abs(along) < 1e-6)
      }
    }
  }

  @Test("The same history gives the same bits", arguments: objectives)
  func determinism(_ objective: any Objective) {
    var (first, second) = (objective, objective)
    for step in 0..<4 {
      let batch = randomBatch(rows: 70, width: 16, fine: 9, coarse: 3, step: step)
      if step == 2 {  // a restored objective goes on with the same bits
        var restored = objective
        restored.state = second.state
        second = restored
      }
      let (a, b) = (first.evaluate(batch), second.evaluate(batch))
      #expect(a.loss.bitPattern == b.loss.bitPattern)
      #expect(a.gradients == b.gradients)
      #expect(a.statistics == b.statistics)
      #expect(first.state == second.state)
    }
  }

  @Test("A row of zeros has no gradient and spoils no other", arguments: objectives)
  func zeroRows(_ objective: any Objective) {
    var objective = objective
    var batch = randomBatch(rows: 4, width: 5)
    for column in 0..<5 { batch.views[0][1, column] = 0 }
    let result = objective.evaluate(batch)
    #expect(result.loss.isFinite)
    #expect(result.gradients[0].row(1).allSatisfy { $0 == 0 })
    #expect(result.gradients.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    #expect(result.gradients[0].row(0).contains { $0 != 0 })
  }

  @Test("A single video has nothing to be told from", arguments: objectives)
  func oneVideo(_ objective: any Objective) {
    var objective = objective
    let result = objective.evaluate(randomBatch(rows: 1, width: 5))
    #expect(result.loss == 0)
    #expect(result.gradients.allSatisfy { $0.rows == 1 && $0.values.allSatisfy { $0 == 0 } })
  }

  @Test("NaN is reported in the loss and ends nothing", arguments: objectives)
  func notANumber(_ objective: any Objective) {
    var objective = objective
    var batch = randomBatch(rows: 600, width: 4)
    for column in 0..<4 { batch.views[1][3, column] = .nan }
    #expect(objective.evaluate(batch).loss.isNaN)
    #expect(objective.state.arrays["queue", default: []].allSatisfy { $0.isFinite })
  }
}
