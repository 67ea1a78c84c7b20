import Tensors
import Testing

@testable import Clustering

@Suite("Distances of rows in double precision")
struct RowDistancesTests {
  @Test(
    "Every pair has its distance, the same bits in both orders and alone",
    arguments: Metric.allCases, [1, 64, 137])
  func everyPair(_ metric: Metric, width: Int) throws {
    let rows = RandomRows.scattered(37, width, seed: 4)
    let doubles = DoubleMatrix(rows: 37, columns: width, values: rows.values.map { Double($0) })
    let spaces = [
      try RowSpace(rows, metric: metric),
      try RowSpace(doubles, metric: metric, isCentred: false),
    ]
    // One block of rows and a part, one group of others and a part, neither from the first row on.
    let (asked, others) = (Array(0..<20), Array(0..<37))
    for space in spaces {
      var told: [[Double]] = Array(repeating: [], count: asked.count)
      space.compare(asked[1...], with: others[2...]) { row, other, distance in
        #expect(other == told[row].count + 2)
        told[row].append(distance)
      }
      #expect(told[0].isEmpty)
      for row in asked[1...] {
        try #require(told[row].count == 35)
        for other in others[2...] {
          let distance = told[row][other - 2]
          #expect(abs(distance - naive(rows.row(row), rows.row(other), metric)) < 1e-12)
          var alone: [UInt64] = []
          space.compare([other], with: [row]) { alone.append($2.bitPattern) }
          #expect(alone == [distance.bitPattern])
        }
      }
    }
  }

  @Test("Nothing is compared with no rows", arguments: Metric.allCases)
  func nothing(_ metric: Metric) throws {
    let space = try RowSpace(RandomRows.scattered(3, 2, seed: 1), metric: metric)
    space.compare([], with: [0, 1, 2]) { _, _, _ in Issue.record("no row") }
    space.compare([0, 1, 2], with: []) { _, _, _ in Issue.record("no other") }
  }

  private func naive(
    _ one: ArraySlice<Float>, _ other: ArraySlice<Float>, _ metric: Metric
  ) -> Double {
    func sum(_ term: (Double, Double) -> Double) -> Double {
      zip(one, other).reduce(0) { $0 + term(Double($1.0), Double($1.1)) }
    }
    func square(_ row: ArraySlice<Float>) -> Double {
      row.reduce(0) { $0 + Double($1) * Double($1) }
    }
    return metric == .cosine
      ? 1 - sum { $0 * $1 } / (square(one) * square(other)).squareRoot()
      : sum { ($0 - $1) * ($0 - $1) }.squareRoot()
  }
}
