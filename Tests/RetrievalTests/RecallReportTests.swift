import Foundation
import Testing

@testable import Retrieval

@Suite("Recall reports")
struct RecallReportTests {
  private func neighbors(_ lists: [[Int]]) -> [[Neighbor]] {
    lists.map { $0.map { Neighbor(index: $0, similarity: 0) } }
  }

  @Test("A query is hit if any of its k nearest shares its class")
  func hits() {
    let report = RecallReport(
      neighbors: neighbors([[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 2, 1]]),
      queryLabels: [7, 7, 9, 4], galleryLabels: [7, 8, 9], at: [1, 2, 50])
    #expect(report.recall == [1: 50, 2: 75, 50: 75])
    #expect(report.queries == 4 && report.gallery == 3)
  }

  @Test("A query without neighbours or class counts and is missed")
  func missed() {
    let report = RecallReport(
      neighbors: neighbors([[0], [], [0], [1]]), queryLabels: [1, 1, -1, -1],
      galleryLabels: [1, -1], at: [1])
    #expect(report.recall == [1: 25])
    #expect(report.queries == 4)
  }

  @Test("Average precision is told where the whole gallery is ranked")
  func averagePrecision() throws {
    let whole = RecallReport(
      neighbors: neighbors([[0, 1, 2], [1, 2, 0]]), queryLabels: [5, 5],
      galleryLabels: [5, 6, 5], at: [1])
    let expected = 100 * ((1 + 2.0 / 3) / 2 + (1.0 / 2 + 2.0 / 3) / 2) / 2
    #expect(abs(try #require(whole.meanAveragePrecision) - expected) < 1e-12)
    let part = RecallReport(
      neighbors: neighbors([[0, 1], [1, 2]]), queryLabels: [5, 5], galleryLabels: [5, 6, 5], at: [1]
    )
    #expect(part.meanAveragePrecision == nil)
  }

  @Test("The interval is the binomial one, and the same each time")
  func interval() {
    let count = 1000
    let labels = (0..<count).map { Int32($0 % 10 < 3 ? 0 : 1) }
    func report() -> RecallReport {
      RecallReport(
        neighbors: neighbors(Array(repeating: [0], count: count)), queryLabels: labels,
        galleryLabels: [0], at: [1])
    }
    let first = report()
    #expect(first == report())
    let margin = 196 * (0.3 * 0.7 / Double(count)).squareRoot()
    #expect(abs(first.interval[0] - (30 - margin)) < 0.5)
    #expect(abs(first.interval[1] - (30 + margin)) < 0.5)
  }

  @Test("Without queries nothing is known")
  func empty() {
    let report = RecallReport(neighbors: [], queryLabels: [Int32](), galleryLabels: [1], at: [1])
    #expect(report.recall == [1: 0])
    #expect(report.interval == [0, 100])
    #expect(report.meanAveragePrecision == nil)
  }

  @Test("JSON has texts for keys and reads back")
  func json() throws {
    let report = RecallReport(
      neighbors: neighbors([[0]]), queryLabels: [1], galleryLabels: [1], at: [1, 5])
    let text = try JSONEncoder().encode(report)
    let object = try JSONSerialization.jsonObject(with: text) as? [String: Any]
    #expect(object?["recall"] as? [String: Double] == ["1": 100, "5": 100])
    #expect(try JSONDecoder().decode(RecallReport.self, from: text) == report)
  }

  @Test("Classes are told apart by name, not by number")
  func names() {
    let queries = TrueLabels(classFoldersOf: ["Walk/q.avi", "Swim/q.avi"])
    let gallery = TrueLabels(classFoldersOf: ["Jump/a.avi", "Run/b.avi", "Walk/c.avi"])
    let report = RecallReport(
      neighbors: neighbors([[2, 0], [0, 1]]), queryLabels: queries, galleryLabels: gallery,
      at: [1])
    #expect(queries.classes == [1, 0])
    #expect(report.recall == [1: 50])
  }
}
