import Tensors
import Testing

@testable import Model

struct MemoryBankTests {
  @Test func `A row begins as the direction of the first embedding, and moves from there`() {
    var bank = MemoryBank(samples: 3, width: 2)
    #expect((0..<3).allSatisfy { !bank.knows($0) })
    let rows = Matrix(rows: 2, columns: 2, values: [3, 4, 0, -2])
    bank.begin(rows, of: [2, 0])
    #expect(bank.knows(0) && !bank.knows(1) && bank.knows(2))
    #expect(bank.rows.values == [0, -1, 0, 0, 0.6, 0.8])
    bank.begin(Matrix(rows: 1, columns: 2, values: [1, 0]), of: [2])
    #expect(Array(bank.rows.row(2)) == [0.6, 0.8])
    bank.take(Matrix(rows: 1, columns: 2, values: [-0.6, 0.8]), of: [2], keeping: 0.5)
    #expect(Array(bank.rows.row(2)) == [0, 1])
    // A row of zeros has no direction to begin with.
    bank.begin(Matrix(rows: 1, columns: 2), of: [1])
    #expect(!bank.knows(1))
  }

  @Test(arguments: [BankContrast.IntraNegative?.none, .repeat])
  func `Samples that no step has shown are no negatives`(_ intra: BankContrast.IntraNegative?) {
    func batch(of count: Int) -> EmbeddedBatch {
      let shown = randomBatch(rows: 5, width: 6, views: intra == nil ? 2 : 3)
      let none = [Int32](repeating: -1, count: count)
      return EmbeddedBatch(
        views: shown.views, samples: shown.samples, fine: none, coarse: none)
    }
    var (few, many) = (
      BankContrast(intraNegative: intra, temperature: 0.5, bankNegatives: 3),
      BankContrast(intraNegative: intra, temperature: 0.5, bankNegatives: 3)
    )
    for _ in 0..<2 {
      let (first, second) = (few.evaluate(batch(of: 5)), many.evaluate(batch(of: 40)))
      #expect(first.loss > 0 && abs(first.loss - second.loss) < 1e-6)
      for (one, other) in zip(first.gradients, second.gradients) {
        #expect(zip(one.values, other.values).allSatisfy { abs($0 - $1) < 1e-6 })
      }
    }
  }
}
