import Foundation
import Testing

@testable import Retrieval

@Suite struct RecallReportTests {
  private static func list(_ indices: Int...) -> [Neighbor] {
    indices.map { Neighbor(index: $0, similarity: 0) }
  }

  @Test func `a query counts as a hit at k if any of the k nearest has its class`() {
    let report = RecallReport(
      neighbors: [Self.list(0, 1), Self.list(1, 0), Self.list(2, 1), []],
      queryLabels: [7, 7, 7, 7], galleryLabels: [7, 8, 9], at: [1, 2, 5])
    #expect(report.recall == [1: 25, 2: 50, 5: 50])
    #expect(report.queries == 4)
    #expect(report.gallery == 3)
  }

  @Test func `the interval holds the mean and narrows with certainty`() {
    let hit = Self.list(0)
    let sure = RecallReport(
      neighbors: Array(repeating: hit, count: 50), queryLabels: Array(repeating: 1, count: 50),
      galleryLabels: [1], at: [1])
    #expect(sure.interval == [100, 100])
    let half = RecallReport(
      neighbors: Array(repeating: hit, count: 100),
      queryLabels: (0..<100).map { Int32($0 % 2) }, galleryLabels: [1], at: [1])
    #expect(half.interval[0] < 50 && 50 < half.interval[1])
    #expect(half.interval[1] - half.interval[0] > 10)
  }

  @Test func `classes are the last folders, whatever the order of the ids`() {
    let labels = TrueLabels(classFoldersOf: ["Walk/a.avi", "Run/b.avi", "x/Walk/c.avi", "d.avi"])
    #expect(labels.names == ["Run", "Walk"])
    #expect(labels.classes == [1, 0, 1, -1])
  }

  @Test func `the JSON has the depths as strings`() throws {
    let report = RecallReport(
      neighbors: [Self.list(0)], queryLabels: [1], galleryLabels: [1], at: [1, 5])
    let text = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
    #expect(text.contains("\"1\":100"))
  }
}
