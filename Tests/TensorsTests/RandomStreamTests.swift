import Testing

@testable import Tensors

@Suite struct RandomStreamTests {
  @Test func `Philox gives the published answers of Random123`() {
    #expect(
      RandomStream.philox(counter: .zero, key: .zero)
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      RandomStream.philox(counter: .init(repeating: .max), key: .init(repeating: .max))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      RandomStream.philox(
        counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
        key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func `Every part of a name opens another stream`() {
    var firsts: Set<UInt64> = []
    for var stream in [
      RandomStream(seed: 1, purpose: .test), RandomStream(seed: 1 << 40, purpose: .test),
      RandomStream(seed: 1, purpose: .plan), RandomStream(seed: 1, purpose: .test, epoch: 1),
      RandomStream(seed: 1, purpose: .test, sample: 1),
      RandomStream(seed: 1, purpose: .test, view: 1),
    ] { firsts.insert(stream.next()) }
    #expect(firsts.count == 6)
    var one = RandomStream(seed: 1, purpose: .test)
    var same = RandomStream(seed: 1, purpose: .test)
    #expect((0..<9).map { _ in one.next() } == (0..<9).map { _ in same.next() })
  }

  @Test func `Draws stay in their bounds and fill them`() {
    var random = RandomStream(seed: 5, purpose: .test)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[random.integer(below: 7)] += 1 }
    #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    let uniform = (0..<4000).map { _ in random.uniform(in: -1...3) }
    #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 })
    #expect(abs(uniform.reduce(0, +) / 4000 - 1) < 0.1)
    #expect(random.permutation(of: 50).sorted() == Array(0..<50))
    #expect(random.permutation(of: 0).isEmpty)
  }

  @Test func `Normal numbers have their mean and deviation`() {
    var random = RandomStream(seed: 6, purpose: .test)
    let values = random.normals(20001, deviation: 2)
    #expect(values.count == 20001)
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    #expect(abs(mean) < 0.06)
    #expect(abs(variance / Double(values.count) - 4) < 0.2)
  }
}
