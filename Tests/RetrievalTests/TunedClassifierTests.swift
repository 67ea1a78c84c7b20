import Tensors
import Testing

@testable import Retrieval

@Suite struct TunedClassifierTests {
  private static func normals(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var random = RandomStream(seed: seed, purpose: .test)
    return Matrix(rows: rows, columns: columns, values: random.normals(rows * columns))
  }

  private static func ones(like matrix: Matrix) -> Matrix {
    Matrix(
      rows: matrix.rows, columns: matrix.columns,
      values: [Float](repeating: 1, count: matrix.values.count))
  }

  /// A classifier that has learned a little, so that nothing is zero.
  private static func classifier(_ rows: Matrix, _ labels: [Int32]) -> TunedClassifier {
    var classifier = TunedClassifier(classes: 3, width: rows.columns)
    for _ in 0..<5 {
      classifier.follow(
        classifier.evaluate(rows, labels: labels, factors: ones(like: rows)), learningRate: 0.1)
    }
    return classifier
  }

  @Test func `A classifier with another's state learns as that one does`() {
    let rows = Self.normals(6, 4, seed: 2)
    let labels: [Int32] = [0, 2, 1, 1, 2, 0]
    var classifier = Self.classifier(rows, labels)
    var restored = TunedClassifier(classes: 3, width: 4)
    restored.state = classifier.state
    for _ in 0..<2 {
      #expect(restored.state == classifier.state)
      #expect(restored.scores(of: rows) == classifier.scores(of: rows))
      let outcome = classifier.evaluate(rows, labels: labels, factors: Self.ones(like: rows))
      classifier.follow(outcome, learningRate: 0.1, decay: 0.1)
      restored.follow(outcome, learningRate: 0.1, decay: 0.1)
    }
  }

  @Test func `Gradients of rows and weights are those of finite differences`() {
    let rows = Self.normals(6, 4, seed: 1)
    let labels: [Int32] = [0, 2, -1, 1, 2, 0]
    var factors = Self.ones(like: rows)
    for place in [1, 6, 13, 22] { factors.values[place] = 0 }
    for place in [0, 7] { factors.values[place] = 2 }
    let classifier = Self.classifier(rows, labels)
    let outcome = classifier.evaluate(rows, labels: labels, factors: factors)
    func loss(_ rows: Matrix) -> Double {
      classifier.evaluate(rows, labels: labels, factors: factors).loss
    }
    for place in rows.values.indices {
      var (up, down) = (rows, rows)
      up.values[place] += 0.01
      down.values[place] -= 0.01
      let slope = (loss(up) - loss(down)) / 0.02
      #expect(abs(slope - Double(outcome.gradients.values[place])) < 2e-4)
    }
    // An L2 penalty is part of the slopes, of all that is learned.
    var (pulled, slid) = (classifier, classifier)
    var more = outcome
    for place in more.slopes.indices { more.slopes[place] += 0.3 * classifier.point[place] }
    pulled.follow(outcome, learningRate: 0.1, pull: 0.3)
    slid.follow(more, learningRate: 0.1)
    #expect(pulled.state == slid.state && pulled.point != classifier.point)
    // A step of Adam from rest goes by the rate, against the sign of each slope.
    var moved = TunedClassifier(classes: 3, width: 4)
    let first = moved.evaluate(rows, labels: labels, factors: factors)
    moved.follow(first, learningRate: 0.01, decay: 0.5)
    for (slope, value) in zip(first.slopes, moved.point) where abs(slope) > 1e-6 {
      #expect(abs(value + 0.01 * (slope > 0 ? 1 : -1)) < 1e-4)
    }
    for place in first.slopes.indices {
      var (up, down) = (
        TunedClassifier(classes: 3, width: 4), TunedClassifier(classes: 3, width: 4)
      )
      up.move(place, by: 1e-4)
      down.move(place, by: -1e-4)
      let slope =
        (up.evaluate(rows, labels: labels, factors: factors).loss
          - down.evaluate(rows, labels: labels, factors: factors).loss) / 2e-4
      #expect(abs(slope - first.slopes[place]) < 1e-6)
    }
  }

  @Test func `Rows that can be told apart are, and unlabelled ones count for nothing`() {
    var rows = Self.normals(30, 6, seed: 2)
    let labels = (0..<30).map { Int32($0 % 3) }
    for row in 0..<30 { rows[row, row % 3] += 4 }
    var classifier = TunedClassifier(classes: 3, width: 6)
    #expect(
      abs(
        classifier.evaluate(rows, labels: labels, factors: Self.ones(like: rows)).loss - 1.0986123)
        < 1e-6)
    for _ in 0..<100 {
      classifier.follow(
        classifier.evaluate(rows, labels: labels, factors: Self.ones(like: rows)),
        learningRate: 0.05, decay: 1e-3)
    }
    let outcome = classifier.evaluate(rows, labels: labels, factors: Self.ones(like: rows))
    #expect(outcome.accuracy > 0.999 && outcome.loss < 0.1)
    let none = classifier.evaluate(
      rows, labels: labels.map { _ in -1 }, factors: Self.ones(like: rows))
    #expect(none.loss == 0 && none.gradients.values.allSatisfy { $0 == 0 })
    let before = classifier.point
    rows[0, 0] = .nan
    classifier.follow(
      classifier.evaluate(rows, labels: labels, factors: Self.ones(like: rows)), learningRate: 1,
      decay: 0)
    #expect(classifier.point == before)
  }

  @Test func `Every query is judged by its place among the scores, and missed ones count`() {
    let truth = RetrievalTruth(
      queryIDs: ["A/1", "B/2", "C/3"], galleryIDs: ["A/4", "B/5", "C/6"], missed: ["A/7"]
    ) { _ in nil }
    let figures = ClassifierFigures(
      scores: [[3, 1, 2], [1, 1, 0], [0, 0, 5]], truth: truth)
    // A is found; B ties with A, which comes first; C is found; one is missed.
    #expect(figures.accuracy == 50 && figures.accuracy5 == 75)
    #expect(figures.perClass["A"]?.recall == 50 && figures.perClass["B"]?.recall == 0)
  }
}

extension TunedClassifier {
  /// Moves one weight.
  fileprivate mutating func move(_ place: Int, by distance: Double) { point[place] += distance }
}
