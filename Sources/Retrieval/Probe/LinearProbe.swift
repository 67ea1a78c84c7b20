public import Tensors

/// How well a linear classifier of frozen rows tells the classes apart.
public struct ProbeFigures: Codable, Sendable, Equatable {
  /// The share of queries whose class has the highest score, in percent.
  public let accuracy: Double
  /// The bounds of its 95 % bootstrap interval over the queries.
  public let interval: [Double]
  /// The share whose class is among the five highest.
  public let accuracy5: Double
  /// The chosen factor of ½·‖W‖² beside the mean cross-entropy.
  public let l2: Double
  /// For each factor, the accuracy on held-out groups of the gallery that it was chosen by.
  public let heldOut: [String: Double]
  /// The steps of L-BFGS on the whole gallery.
  public let iterations: Int
  /// Whether the gradient fell below the tolerance.
  public let converged: Bool

  private enum CodingKeys: String, CodingKey {
    case accuracy, interval
    case accuracy5 = "accuracy_5"
    case l2
    case heldOut = "held_out"
    case iterations, converged
  }
}

/// The linear probe: multinomial logistic regression on frozen rows of the gallery, judged on the
/// queries.
///
/// The strength of the penalty is chosen on held-out groups of the gallery alone; then the whole
/// gallery is fitted.
public struct LinearProbe {
  /// The factors to choose from, the strongest first.
  public static let factors = [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5]

  private let gallery: Matrix
  private let truth: RetrievalTruth
  private let lanes: LanePool

  /// - Parameter gallery: N·D rows with the classes of `truth`.
  public init(_ gallery: Matrix, truth: RetrievalTruth, lanes: LanePool) {
    precondition(
      gallery.rows == truth.galleryClasses.count,
      "\(truth.galleryClasses.count) classes for \(gallery.rows) rows")
    self.gallery = gallery
    self.truth = truth
    self.lanes = lanes
  }

  /// Chooses, fits and judges.
  ///
  /// - Parameters:
  ///   - queries: Q·D rows.
  ///   - isHeldOut: which gallery rows the choice is judged on; neither all of them nor none.
  public func evaluate(_ queries: Matrix, isHeldOut: [Bool]) -> ProbeFigures {
    precondition(isHeldOut.count == gallery.rows, "\(isHeldOut.count) marks, \(gallery.rows) rows")
    let labelled = (0..<gallery.rows).filter { truth.galleryClasses[$0] >= 0 }
    let fitted = labelled.filter { !isHeldOut[$0] }
    let judged = gallery.rows(labelled.filter { isHeldOut[$0] })
    let judgedLabels = labelled.filter { isHeldOut[$0] }.map { truth.galleryClasses[$0] }
    var heldOut: [String: Double] = [:]
    var best = (l2: Self.factors[0], accuracy: -1.0)
    var classifier: LinearClassifier?
    for l2 in Self.factors {
      let next = fit(fitted, l2: l2, from: classifier)
      let hits = accuracy(next, judged, judgedLabels)
      heldOut["\(l2)"] = hits
      if hits > best.accuracy { best = (l2, hits) }
      classifier = next
    }
    let final = fit(labelled, l2: best.l2, from: nil)
    let outcomes =
      outcomes(final, queries, truth.queryClasses)
      + truth.missedClasses.map { QueryOutcome(label: $0, hasSiblings: false) }
    let figures = RetrievalFigures(outcomes, classNames: truth.names)
    return ProbeFigures(
      accuracy: figures.recall["1"] ?? 0, interval: figures.intervals["1"] ?? [0, 100],
      accuracy5: figures.recall["5"] ?? 0, l2: best.l2, heldOut: heldOut,
      iterations: final.iterations, converged: final.isConverged)
  }

  private func fit(_ rows: [Int], l2: Double, from earlier: LinearClassifier?) -> LinearClassifier {
    LinearClassifier(
      gallery.rows(rows), labels: rows.map { truth.galleryClasses[$0] }, l2: l2, from: earlier,
      lanes: lanes)
  }

  private func accuracy(
    _ classifier: LinearClassifier, _ rows: Matrix, _ labels: [Int32]
  ) -> Double {
    let hits = outcomes(classifier, rows, labels).count { $0.firstHit == 0 }
    return 100 * Double(hits) / Double(max(labels.count, 1))
  }

  /// A hit's place is the place of the class among the scores.
  private func outcomes(
    _ classifier: LinearClassifier, _ rows: Matrix, _ labels: [Int32]
  ) -> [QueryOutcome] {
    lanes.map(rows.rows) { row in
      var outcome = QueryOutcome(label: labels[row], hasSiblings: false)
      if let place = classifier.place(of: labels[row], rows, row: row) { outcome.firstHit = place }
      return outcome
    }
  }
}
