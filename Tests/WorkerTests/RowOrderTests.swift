import Tensors
import Testing

@testable import Worker

@Suite struct RowOrderTests {
  @Test func `gathered rows are sorted into views in batch order`() {
    // Two microbatches of two samples, two views, width one: view after view in each microbatch.
    let rows: [Float] = [0, 1, 100, 101, 2, 3, 102, 103]
    let views = Trainer.split(rows, views: 2, perMicrobatch: 2, width: 1)
    #expect(views.map(\.values) == [[0, 1, 2, 3], [100, 101, 102, 103]])
  }
}
