import Tensors
import Testing
import Video

@testable import Worker

@Suite struct FeatureBankTests {
  private static func matrix(_ rows: [Float]...) -> Matrix {
    Matrix(rows: rows.count, columns: rows[0].count, values: rows.flatMap { $0 })
  }

  @Test func `A sample's row is the direction of the mean of its unit rows, whatever their length`()
  {
    var bank = FeatureBank(.pooled, of: [.rgb], samples: 4, width: 2)
    // The second view of row 1 shows sample 3, a mate of sample 2.
    bank.take(
      [Self.matrix([2, 0], [0, 5]), Self.matrix([0, 9], [-7, 0])], of: [[0, 2], [0, 3]])
    let half = Float(0.5.squareRoot())
    #expect(bank.rows == Self.matrix([half, half], [0, 0], [0, 1], [-1, 0]))
  }

  @Test func `The last row stays, and rows that are no direction change nothing`() {
    var bank = FeatureBank(.head, of: [.rgb], samples: 3, width: 2)
    bank.take([Self.matrix([3, 0], [0, 4])], of: [[0, 1]])
    bank.take(
      [Self.matrix([.nan, 0], [0, -1]), Self.matrix([.infinity, 1], [0, -2])],
      of: [[0, 1], [0, 1]])
    bank.take(
      [Self.matrix([0, 0], [1, 0]), Self.matrix([0, 0], [-1, 0])], of: [[0, 1], [0, 1]])
    #expect(bank.rows == Self.matrix([1, 0], [0, -1], [0, 0]))
  }
}
