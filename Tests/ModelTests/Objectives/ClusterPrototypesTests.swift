import Tensors
import Testing

@testable import Model

struct ClusterPrototypesTests {
  struct Case: Decodable, Sendable {
    let temperature: Double
    let rows: Int
    let width: Int
    /// So many videos, the first ones, are not in the bank yet.
    let unknown: Int
    let samples: [Int]
    let fine: [Int32]
    let coarse: [Int32]
    let queries: Int
    let loss: Double
    let gradient: [Double]

    var bank: Matrix {
      var bank = closedForm(rows: fine.count, columns: width, from: 9000).unitRows()
      for index in 0..<unknown * width { bank.values[index] = 0 }
      return bank
    }
  }
  struct Cases: Decodable { let cases: [Case] }

  static func cases() throws -> [Case] {
    try pyTorchNumbers("prototypes", as: Cases.self).cases
  }

  @Test("The loss and its gradient are PyTorch's", arguments: try cases())
  func reference(_ item: Case) {
    let prototypes = ClusterPrototypes(temperature: item.temperature, keep: 0.5, bank: item.bank)
    let rows = closedForm(rows: item.rows, columns: item.width, from: 7).unitRows()
    let outcome = prototypes.evaluate(
      rows, samples: item.samples, fine: item.fine, coarse: item.coarse)
    #expect(outcome.queries == item.queries)
    #expect(abs(outcome.loss - item.loss) < 1e-5 * item.loss + 1e-12)
    #expect(relativeDeviation(outcome.gradient.values, from: item.gradient) < 1e-5)
  }

  @Test("A query whose cluster no bank row knows is left out")
  func unknownCluster() {
    let bank = Matrix(rows: 3, columns: 2, values: [0, 0, 1, 0, 0, 1])
    let prototypes = ClusterPrototypes(temperature: 0.1, keep: 0.5, bank: bank)
    let outcome = prototypes.evaluate(
      Matrix(rows: 2, columns: 2, values: [1, 0, 1, 0]), samples: [0, 1], fine: [0, 1, 2],
      coarse: [0, 1, 2])
    #expect(outcome.queries == 1)
    #expect(outcome.nearest == 1)
    #expect(outcome.gradient.row(0).allSatisfy { $0 == 0 })
  }

  @Test("Clusters of the query's coarse cluster are not met")
  func coarse() {
    let bank = Matrix(rows: 2, columns: 2, values: [1, 0, 0, 1])
    let prototypes = ClusterPrototypes(temperature: 0.1, keep: 0.5, bank: bank)
    let outcome = prototypes.evaluate(
      Matrix(rows: 1, columns: 2, values: [0, 1]), samples: [0], fine: [0, 1], coarse: [0, 0])
    #expect(outcome.loss == 0)
    #expect(outcome.gradient.values == [0, 0])
  }

  @Test("The bank holds what was embedded first, then moves towards what follows")
  func bank() {
    var prototypes = ClusterPrototypes(temperature: 0.1, keep: 0.5)
    prototypes.take(Matrix(rows: 1, columns: 2, values: [1, 0]), of: [1], among: 2)
    #expect(prototypes.bank.rows.values == [0, 0, 1, 0])
    prototypes.take(Matrix(rows: 1, columns: 2, values: [0, 1]), of: [1], among: 2)
    let half = Float(0.5).squareRoot()
    #expect(zip(prototypes.bank.rows.row(1), [half, half]).allSatisfy { abs($0 - $1) < 1e-6 })
  }
}
