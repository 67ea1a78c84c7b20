import Foundation
import Tensors
import Testing

@testable import Model

struct EmbeddingSpreadTests {
  /// Rows along known axes: row i is axis i modulo `axes`, up or down.
  private static func crosses(axes: Int, width: Int, rows: Int) -> Matrix {
    var matrix = Matrix(rows: rows, columns: width)
    for row in 0..<rows { matrix[row, row / 2 % axes] = row % 2 == 0 ? 2 : -2 }
    return matrix
  }

  @Test("Rows along k axes have an effective rank of k", arguments: [1, 3, 8])
  func rank(_ axes: Int) {
    var spread = EmbeddingSpread()
    let rows = Self.crosses(axes: axes, width: 8, rows: 16 * axes)
    for start in stride(from: 0, to: rows.rows, by: 4) {
      spread.add(rows.rows(start..<start + 4), positives: rows.rows(start..<start + 4))
    }
    #expect(abs(spread.effectiveRank - Double(axes)) < 1e-5)
    let spectrum = spread.spectrum(axes: 5)
    #expect(spectrum.count == 5)
    for (axis, share) in spectrum.enumerated() {
      #expect(abs(share - (axis < axes ? 1 / Double(axes) : 0)) < 1e-5)
    }
    #expect(spread.alignment == 0)
  }

  @Test("The spectrum has the variances along the axes, whatever their order")
  func spectrum() {
    // Seven rows along axis 2, three along axis 0, each up and down; unit rows, so shares are counts.
    var values: [Float] = []
    for (axis, count) in [(2, 7), (0, 3)] {
      for row in 0..<2 * count {
        values += (0..<4).map { $0 == axis ? (row % 2 == 0 ? 1 : -1) : 0 }
      }
    }
    let rows = Matrix(rows: 20, columns: 4, values: values)
    var spread = EmbeddingSpread()
    spread.add(rows, positives: rows)
    let shares = spread.spectrum(axes: 9)
    #expect(shares.count == 4)
    for (share, expected) in zip(shares, [0.7, 0.3, 0, 0]) { #expect(abs(share - expected) < 1e-6) }
  }

  @Test("Where all rows are one, nothing varies")
  func collapse() {
    var spread = EmbeddingSpread()
    let rows = Matrix(rows: 6, columns: 4, repeating: 0.7)
    spread.add(rows, positives: rows)
    #expect(spread.effectiveRank == 0 && spread.spectrum(axes: 3) == [])
    #expect(abs(spread.uniformity) < 1e-5 && abs(spread.alignment) < 1e-5)
    #expect(EmbeddingSpread().effectiveRank == 0 && EmbeddingSpread().uniformity == 0)
  }

  @Test("Alignment and uniformity are those of the definition")
  func definition() {
    let batch = randomBatch(rows: 9, width: 5)
    var spread = EmbeddingSpread()
    spread.add(batch.views[0], positives: batch.views[1])
    let (a, b) = (batch.views[0].unitRows(), batch.views[1].unitRows())
    func squares(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Double {
      zip(x, y).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    }
    let alignment = (0..<9).reduce(0) { $0 + squares(a.row($1), b.row($1)) } / 9
    var potentials: [Double] = []
    for row in 0..<9 {
      for other in 0..<row { potentials.append(exp(-2 * squares(a.row(row), a.row(other)))) }
    }
    let uniformity = log(potentials.reduce(0, +) / Double(potentials.count))
    #expect(abs(spread.alignment - alignment) < 1e-5)
    #expect(abs(spread.uniformity - uniformity) < 1e-5)
  }

  @Test("Rows without a direction are left out")
  func noDirection() {
    var (rows, spread) = (Self.crosses(axes: 3, width: 5, rows: 12), EmbeddingSpread())
    spread.add(rows, positives: rows)
    let before = [spread.effectiveRank, spread.alignment, spread.uniformity]
    for column in 0..<5 { (rows[0, column], rows[1, column]) = (.nan, 0) }
    spread.add(rows.rows(0..<2), positives: rows.rows(0..<2))
    #expect(before == [spread.effectiveRank, spread.alignment, spread.uniformity])
  }
}
