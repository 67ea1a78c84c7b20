import Tensors
import Testing

@testable import Model

/// A batch of normal numbers; video b's fine label is b modulo `fine`, its coarse label likewise.
func randomBatch(
  rows: Int, width: Int, views: Int = 2, fine: Int = 0, coarse: Int = 0, scale: Float = 1,
  step: Int = 0
) -> EmbeddedBatch {
  var random = RandomStream(seed: 11, purpose: .test, sample: step)
  let count = views
  let views = (0..<count).map { _ in
    Matrix(
      rows: rows, columns: width,
      values: random.normals(rows * width).prefix(rows * width).map { $0 * scale })
  }
  let samples = Array(0..<rows)
  func labels(_ modulo: Int) -> [Int32] { samples.map { modulo > 0 ? Int32($0 % modulo) : -1 } }
  return EmbeddedBatch(
    views: views, samples: Array(repeating: samples, count: count), fine: labels(fine),
    coarse: labels(coarse),
    step: step)
}

struct ObjectiveLawTests {
  /// Those that compare samples by cosine alone.
  static let instances: [any Objective] = [
    SimCLR(temperature: 0.3),
    SimCLR(temperature: 0.3, keepShare: 0.5, hidesCoarse: true),
    ClusterContrast(temperature: 0.3, keepShare: 1, dropShare: 0, queueLength: 10),
    ClusterContrast(temperature: 0.3, keepShare: 0.4, queueLength: 0, instanceWeight: 0.5),
    ClusterContrast(temperature: 0.3, keepShare: 0.4, queueLength: 10, prototypeWeight: 0.7),
    MoCo(temperature: 0.3, queueLength: 12),
    MoCo(temperature: 0.3, keepShare: 0.5, queueLength: 12, hidesCoarse: true),
    HalfHardTriplets(),
    HalfHardTriplets(margin: 0.1, keepShare: 0.6),
  ]
  /// Those that also tell views of one video apart by cosine.
  static let cosines: [any Objective] =
    instances + ClusterTriplets.Mining.allCases.map { ClusterTriplets(mining: $0) } + [
      ClusterTriplets(mining: .semihard, keepShare: 0.5, ownShare: 0),
      ClusterTriplets(mining: .several, pools: 2),
      ClusterContrast(
        temperature: 0.3, keepShare: 0.4, queueLength: 10, prototypeWeight: 0.7,
        bothDirections: true),
      SceneMotion(temperature: 0.3, queueLength: 12), SceneMotion(form: .triplet),
      SceneMotion(form: .triplet, keepShare: 0.4, hidesCoarse: true),
      BankContrast(intraNegative: .repeat, temperature: 0.5, bankNegatives: 3),
      BankContrast(intraNegative: nil, temperature: 0.5, encoders: .separate),
      BankContrast(intraNegative: .repeat, temperature: 0.5, ownShare: 0.4),
    ]
  /// Those that take rows as they are, too.
  static let objectives: [any Objective] =
    cosines + [
      BankContrast(
        intraNegative: .shuffle, temperature: 0.5, keepShare: 0.5, unitQueries: false,
        hidesCoarse: true),
      BankContrast(intraNegative: nil, temperature: 0.5, unitQueries: false),
      BankContrast(intraNegative: nil, temperature: 0.5, unitQueries: false, ownShare: 0.4),
    ]

  /// The objective after a first batch, so that queues and banks are not empty.
  private static func filled(_ objective: any Objective, rows: Int, width: Int) -> any Objective {
    var objective = objective
    _ = objective.evaluate(
      randomBatch(
        rows: rows, width: width, views: objective.views.count, fine: 3, coarse: 3, step: 1))
    return objective
  }

  @Test("Gradients are the slopes of the loss", arguments: objectives)
  func finiteDifferences(_ objective: any Objective) {
    let filled = Self.filled(objective, rows: 6, width: 6)
    let batch = randomBatch(rows: 6, width: 6, views: objective.views.count, fine: 4, coarse: 2)
    var plain = filled
    let gradients = plain.evaluate(batch).gradients
    let width: Float = 1.0 / 1024  // so small that no negative enters or leaves the kept ones
    for (view, gradient) in gradients.enumerated() where gradient.rows > 0 {
      for index in batch.views[view].values.indices {
        let losses = [width, -width].map { change in
          var (moved, objective) = (batch, filled)
          moved.views[view].values[index] += change
          return objective.evaluate(moved).loss
        }
        let slope = (losses[0] - losses[1]) / Double(2 * width)
        #expect(abs(slope - Double(gradient.values[index])) < 3e-4)
      }
    }
    #expect(gradients.contains { $0.values.contains { $0 != 0 } })
  }

  @Test("Only views of the weights in training have a gradient", arguments: objectives)
  func gradientsOfKeys(_ objective: any Objective) {
    var objective = objective
    let views = objective.views
    let result = objective.evaluate(randomBatch(rows: 4, width: 6, views: views.count))
    for (view, gradient) in zip(views, result.gradients) where view.source == .momentum {
      #expect(gradient.rows == 0)
    }
    #expect(result.gradients.count == views.count)
  }

  @Test(
    "Gradients are orthogonal to the rows, as the loss ignores their lengths", arguments: cosines
  )
  func orthogonality(_ objective: any Objective) {
    var objective = Self.filled(objective, rows: 7, width: 9)
    let batch = randomBatch(rows: 7, width: 9, views: objective.views.count, fine: 3, coarse: 3)
    for (rows, gradient) in zip(batch.views, objective.evaluate(batch).gradients) {
      for row in 0..<gradient.rows {
        let along = zip(rows.row(row), gradient.row(row)).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(along) < 1e-6)
      }
    }
  }

  // SimCLR knows rows alone.
  @Test(
    "A video that a batch holds twice is no negative of itself",
    arguments: objectives.filter { !($0 is SimCLR) })
  func twice(_ objective: any Objective) {
    var objective = Self.filled(objective, rows: 7, width: 9)
    let plain = randomBatch(rows: 7, width: 9, views: objective.views.count, fine: 7, coarse: 7)
    let samples = plain.samples.map { view in view.map { $0 == 6 ? 2 : $0 } }
    let batch = EmbeddedBatch(
      views: plain.views, samples: samples, fine: plain.fine, coarse: plain.coarse, step: 1)
    let pairs = objective.evaluate(batch).pairs
    #expect(!pairs.negatives.isEmpty && pairs.negatives.allSatisfy { $0.query != $0.other })
  }

  @Test("The same history gives the same bits", arguments: objectives)
  func determinism(_ objective: any Objective) {
    var (first, second) = (objective, objective)
    for step in 0..<4 {
      let batch = randomBatch(
        rows: 70, width: 16, views: objective.views.count, fine: 9, coarse: 3, step: step)
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

  @Test("A row of zeros has no gradient and spoils no other", arguments: cosines)
  func zeroRows(_ objective: any Objective) {
    var objective = Self.filled(objective, rows: 4, width: 5)
    var batch = randomBatch(rows: 4, width: 5, views: objective.views.count)
    for column in 0..<5 { batch.views[0][1, column] = 0 }
    let result = objective.evaluate(batch)
    #expect(result.loss.isFinite)
    #expect(result.gradients[0].row(1).allSatisfy { $0 == 0 })
    #expect(result.gradients.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    #expect(result.gradients[0].values.contains { $0 != 0 })
  }

  @Test("A single video has nothing to be told from", arguments: instances)
  func oneVideo(_ objective: any Objective) {
    var objective = objective
    let views = objective.views.count
    for _ in 0..<2 {
      let result = objective.evaluate(randomBatch(rows: 1, width: 5, views: views))
      #expect(result.loss == 0)
      #expect(result.gradients.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    }
  }

  @Test("NaN is reported in the loss and ends nothing", arguments: objectives)
  func notANumber(_ objective: any Objective) {
    var objective = Self.filled(objective, rows: 130, width: 4)
    var batch = randomBatch(rows: 130, width: 4, views: objective.views.count)
    for column in 0..<4 { batch.views[1][3, column] = .nan }
    #expect(objective.evaluate(batch).loss.isNaN)
    #expect(objective.state.arrays.values.allSatisfy { $0.allSatisfy { $0.isFinite } })
  }
}
