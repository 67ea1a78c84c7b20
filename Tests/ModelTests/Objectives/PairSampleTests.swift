import Testing

@testable import Model

@Suite("A sample of a batch's pairs") struct PairSampleTests {
  @Test("holds each pair of a query equally often, over as many queries", arguments: [5, 9, 41])
  func unbiased(count: Int) {
    var sample = PairSample()
    for query in 0..<count * 3 {
      sample.add(query: query, positives: 0..<count, negatives: 100..<100 + count)
    }
    #expect(sample.positives.count == min(count, 8) * count * 3)
    for other in 0..<count {
      #expect(sample.positives.count { $0.other == other } == min(count, 8) * 3)
      #expect(sample.negatives.count { $0.other == 100 + other } == min(count, 8) * 3)
    }
  }
}
