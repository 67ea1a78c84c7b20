// `unsafe` is sound here because the batch is as long as the statistics.
import Tensors
import Testing

@testable import Model

@Suite("Encoder weights")
struct EncoderWeightsTests {
  @Test("the same seed gives the same bits, another seed other ones")
  func seeds() throws {
    let network = try EncoderFixture.network(depth: 18)
    let one = EncoderWeights(network, seed: 7).values.array
    #expect(one == EncoderWeights(network, seed: 7).values.array)
    #expect(one != EncoderWeights(network, seed: 8).values.array)
    #expect(one != EncoderWeights(network, seed: 7 | 1 << 32).values.array)
  }

  @Test("every convolution starts with mean 0 and variance 2 / fan-out")
  func variance() throws {
    for tensor in EncoderWeights(try EncoderFixture.network(depth: 50, width: 0.5), seed: 5).tensors
    where tensor.shape.count == 5 {
      let fanOut = Double(tensor.shape[0] * tensor.shape[2...].reduce(1, *))
      let count = Double(tensor.values.count)
      let mean = tensor.values.reduce(0) { $0 + Double($1) } / count
      let variance = tensor.values.reduce(0) { $0 + Double($1) * Double($1) } / count
      // Five standard errors of a sample variance, √(2 / count), and of a mean.
      #expect(abs(variance * fanOut / 2 - 1) < 5 * (2 / count).squareRoot(), "\(tensor.name)")
      #expect(abs(mean) < 5 * (2 / fanOut / count).squareRoot(), "\(tensor.name)")
    }
  }

  @Test("linear layers are uniform in ± 1/√fan-in, norms are the identity")
  func others() throws {
    let network = try EncoderFixture.network()
    for (tensor, entry) in zip(EncoderWeights(network, seed: 5).tensors, network.layout.parameters)
    {
      switch entry.kind {
      case .convolution: continue
      case .one: #expect(tensor.values.allSatisfy { $0 == 1 })
      case .zero: #expect(tensor.values.allSatisfy { $0 == 0 })
      case .linear(let fanIn):
        let bound = 1 / Double(fanIn).squareRoot()
        let largest = tensor.values.reduce(0) { max($0, abs(Double($1))) }
        #expect(largest <= bound * 1.000_001 && largest > 0.8 * bound, "\(tensor.name)")
      }
    }
  }

  @Test("tensors that are read back give the same weights")
  func roundTrip() throws {
    let network = try EncoderFixture.network()
    let (source, target) = (EncoderWeights(network, seed: 1), EncoderWeights(network, seed: 2))
    source.statistics.assign(normals(source.statistics.count, seed: 9))
    var tensors: [String: (shape: [Int], values: [Float])] = [:]
    for tensor in source.tensors { tensors[tensor.name] = (tensor.shape, tensor.values) }
    try target.load(tensors)
    #expect(target.values.array == source.values.array)
    #expect(target.statistics.array == source.statistics.array)
  }

  @Test("running statistics move a tenth of the way")
  func momentum() throws {
    let weights = EncoderWeights(try EncoderFixture.network(), seed: 1)
    let before = weights.statistics.array
    let batch = AlignedStorage(count: before.count)
    batch.assign(normals(before.count, seed: 3))
    unsafe weights.updateStatistics(towards: UnsafeBufferPointer(batch.buffer))
    #expect(
      weights.statistics.array == zip(before, batch.array).map { 0.9 * $0 + 0.1 * $1 })
  }
}
