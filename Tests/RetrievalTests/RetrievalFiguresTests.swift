import Foundation
import Tensors
import Testing

@testable import Retrieval

@Suite("Retrieval figures")
struct RetrievalFiguresTests {
  private let pool = LanePool(count: 2)

  /// Figures of given orders of the gallery.
  private func figures(_ truth: RetrievalTruth, _ orders: [[Int]]) -> RetrievalFigures {
    let outcomes = orders.enumerated().map { truth.outcome($1, for: $0) }
    return RetrievalFigures(
      outcomes + truth.missedClasses.map { QueryOutcome(label: $0, hasSiblings: false) },
      classNames: truth.names)
  }

  @Test("A query is hit if any of its k nearest shares its class; without a class it is missed")
  func hits() {
    let gallery = (0..<12).map { Int32($0) }
    let orders = [0, 1, 3, 9, 11].map { first in
      // Class 5 stands at place `first`.
      (0..<12).filter { $0 != 5 }.prefix(first) + [5] + (0..<12).filter { $0 != 5 }.dropFirst(first)
    }
    let found = figures(.named([5, 5, 5, 5, -1], gallery), orders.map(Array.init))
    #expect(found.recall == ["1": 20, "5": 60, "10": 80, "20": 80, "50": 80])
    #expect(found.perClass == ["class 5": .init(queries: 4, recall: 25)])
  }

  @Test("Queries that cannot be read count and are missed, also in their class")
  func missed() {
    let found = figures(.named([1], [1, 2], missed: [1, 2, -1]), [[0, 1]])
    #expect(found.recall["1"] == 25 && found.recall["50"] == 25)
    #expect(found.map == 25)
    #expect(found.perClass["class 1"] == .init(queries: 2, recall: 50))
    #expect(found.perClass["class 2"] == .init(queries: 1, recall: 0))
  }

  @Test("Average precision is the mean share of hits at the places of the hits")
  func averagePrecision() {
    let found = figures(.named([5, 5, 7], [5, 6, 5]), [[0, 1, 2], [1, 2, 0], [0, 1, 2]])
    let expected = 100 * ((1 + 2.0 / 3) / 2 + (1.0 / 2 + 2.0 / 3) / 2 + 0) / 3
    #expect(abs(found.map - expected) < 1e-12)
  }

  @Test("Siblings of the query are left out of the second figure, and of its alone")
  func siblings() {
    let truth = RetrievalTruth(
      queryIDs: ["Run/v_Run_g01_c01.avi", "Run/v_Run_g09_c01.avi"],
      galleryIDs: [
        "Run/v_Run_g01_c02.avi", "Walk/v_Walk_g01_c01.avi", "Run/v_Run_g02_c01.avi",
        "Run/v_Run_g01_c03.avi",
      ], missed: []
    ) { id in String(id.split(separator: "_").dropLast().joined(separator: "_")) }
    let found = figures(truth, [[0, 3, 1, 2], [0, 1, 2, 3]])
    #expect(found.recall["1"] == 100)
    #expect(found.queriesWithSiblings == 1)
    // The first query finds Walk, then Run; the second has no sibling.
    #expect(found.siblingAware["1"] == 50 && found.siblingAware["5"] == 100)
  }

  @Test("Recall and mean average precision are scikit-learn's")
  func reference() throws {
    let fixture = try RetrievalFixture.load()
    let found = RetrievalFigures(
      queries: fixture.queryRows, gallery: fixture.galleryRows, truth: fixture.truth, lanes: pool)
    for (k, value) in fixture.recall {
      #expect(abs((found.recall[k] ?? -1) - value) < 1e-9, "R@\(k)")
    }
    #expect(abs(found.map - fixture.map) < 1e-9)
    #expect(
      found
        == RetrievalFigures(
          queries: fixture.queryRows, gallery: fixture.galleryRows, truth: fixture.truth,
          lanes: LanePool(count: 1)))
  }

  @Test("The whole ranking is that of brute force, and ties go to the lowest row")
  func ranking() {
    var random = RandomStream(seed: 3, purpose: .test)
    let distinct = Matrix(rows: 50, columns: 11, values: random.normals(550)).unitRows()
    let gallery = distinct.rows((0..<150).map { $0 % 50 })
    let queries = Matrix(rows: 70, columns: 11, values: random.normals(770)).unitRows()
    let orders = WholeRanking(queries: queries, gallery: gallery, lanes: pool).map { _, order in
      order
    }
    for query in 0..<70 {
      let cosines = (0..<50).map { row in
        zip(queries.row(query), distinct.row(row)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      }
      let expected = (0..<150).sorted { (cosines[$1 % 50], $0) < (cosines[$0 % 50], $1) }
      #expect(orders[query] == expected)
    }
    #expect(
      WholeRanking(queries: Matrix(rows: 0, columns: 11), gallery: gallery, lanes: pool)
        .map { _, order in order }.isEmpty)
  }

  @Test("The interval of a share is the binomial one, and the same each time")
  func interval() {
    let outcomes = (0..<1000).map { index in
      var outcome = QueryOutcome(label: 0, hasSiblings: false)
      if index % 10 < 3 { (outcome.firstHit, outcome.averagePrecision) = (0, 1) }
      return outcome
    }
    let found = RetrievalFigures(outcomes, classNames: ["a"])
    #expect(found == RetrievalFigures(outcomes, classNames: ["a"]))
    let margin = 196 * (0.3 * 0.7 / 1000).squareRoot()
    for bounds in [found.intervals["1"], found.intervals["50"], found.mapInterval] {
      #expect(abs((bounds?[0] ?? 0) - (30 - margin)) < 0.5)
      #expect(abs((bounds?[1] ?? 0) - (30 + margin)) < 0.5)
    }
  }

  @Test("Without queries nothing is known, and without a gallery all are missed")
  func empty() {
    let none = Matrix(rows: 0, columns: 3)
    let nothing = RetrievalFigures(queries: none, gallery: none, truth: .named([], []), lanes: pool)
    #expect(nothing.recall["1"] == 0 && nothing.intervals["1"] == [0, 100] && nothing.map == 0)
    let query = Matrix(rows: 1, columns: 3, values: [1, 0, 0])
    let missed = RetrievalFigures(
      queries: query, gallery: none, truth: .named([0], []), lanes: pool)
    #expect(missed.recall["50"] == 0 && missed.map == 0)
  }

  @Test("JSON has texts for depths and reads back")
  func json() throws {
    let found = figures(.named([1], [1]), [[0]])
    let text = try JSONEncoder().encode(found)
    let object = try JSONSerialization.jsonObject(with: text) as? [String: Any]
    #expect((object?["recall"] as? [String: Double])?["5"] == 100)
    #expect(object?["map"] as? Double == 100)
    #expect(try JSONDecoder().decode(RetrievalFigures.self, from: text) == found)
  }
}
