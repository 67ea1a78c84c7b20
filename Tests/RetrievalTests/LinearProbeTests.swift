import Tensors
import Testing

@testable import Retrieval

@Suite("The linear probe")
struct LinearProbeTests {
  private let pool = LanePool(count: 2)
  private let fixture: RetrievalFixture

  init() throws {
    BLAS.useOneThread()
    fixture = try RetrievalFixture.load()
  }

  @Test("Weights, intercepts and scores are scikit-learn's")
  func reference() {
    for expected in fixture.logistic {
      let classifier = LinearClassifier(
        fixture.galleryRows, labels: fixture.galleryLabels, l2: expected.l2, tolerance: 1e-9,
        lanes: pool)
      #expect(classifier.isConverged)
      // Scores may all be shifted alike: scikit-learn's intercepts sum to 0 and ours need not.
      let point = expected.weights + expected.intercepts
      #expect(classifier.point.count == point.count)
      let far = zip(classifier.point, point).map { abs($0 - $1) }.max() ?? 1
      #expect(far < 1e-4, "l2 \(expected.l2)")
      let logits = (0..<fixture.queryRows.rows).flatMap {
        classifier.logits(fixture.queryRows, row: $0)
      }
      #expect(zip(logits, expected.logits).allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test("The gradient is that of finite differences, and the same on any number of lanes")
  func gradient() {
    var random = RandomStream(seed: 9, purpose: .test)
    let rows = (0..<130).map { _ in random.normals(5).map(Double.init) }
    let labels = (0..<130).map { $0 % 3 }
    let loss = MultinomialLoss(rows: rows, labels: labels, classes: 3, width: 5)
    let point = random.normals(loss.parameters).map(Double.init)
    let (value, gradient) = loss.evaluate(point, l2: 0.3, lanes: pool)
    let alone = loss.evaluate(point, l2: 0.3, lanes: LanePool(count: 1))
    #expect(alone.value == value && alone.gradient == gradient)
    for index in point.indices {
      var (above, below) = (point, point)
      above[index] += 1e-5
      below[index] -= 1e-5
      let slope =
        (loss.evaluate(above, l2: 0.3, lanes: pool).value
          - loss.evaluate(below, l2: 0.3, lanes: pool).value) / 2e-5
      #expect(abs(slope - gradient[index]) < 1e-8)
    }
  }

  @Test("L-BFGS finds the minimum of an ill-conditioned bowl")
  func bowl() {
    let minimum = LBFGS(tolerance: 1e-10, limit: 500).minimise(from: [3, -2, 5]) { point in
      let scales = [1.0, 100, 10_000]
      let value = zip(point, scales).reduce(0) { $0 + 0.5 * $1.1 * ($1.0 - 1) * ($1.0 - 1) }
      return (value, zip(point, scales).map { ($0 - 1) * $1 })
    }
    #expect(minimum.isConverged)
    #expect(minimum.point.allSatisfy { abs($0 - 1) < 1e-9 })
  }

  @Test("The penalty is chosen on held-out rows; a class that was not fitted is missed")
  func choice() {
    let truth = RetrievalTruth.named(
      fixture.queryLabels.dropLast() + [99], fixture.galleryLabels, missed: [0])
    let held = fixture.galleryLabels.indices.map { $0 % 5 == 0 }
    let found = LinearProbe(fixture.galleryRows, truth: truth, lanes: pool)
      .evaluate(fixture.queryRows, isHeldOut: held)
    #expect(found.converged)
    #expect(found.heldOut.count == LinearProbe.factors.count)
    #expect(found.heldOut["\(found.l2)"] == found.heldOut.values.max())
    let naive = LinearClassifier(
      fixture.galleryRows, labels: truth.galleryClasses, l2: found.l2, lanes: pool)
    let hits = fixture.queryRows.rows
    let right = (0..<hits).count {
      naive.place(of: truth.queryClasses[$0], fixture.queryRows, row: $0) == 0
    }
    #expect(abs(found.accuracy - 100 * Double(right) / Double(hits + 1)) < 1e-9)
    #expect(found.accuracy5 >= found.accuracy && found.accuracy5 < 100)
  }
}
