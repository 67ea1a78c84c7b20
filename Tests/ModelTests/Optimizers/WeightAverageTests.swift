import Tensors
import Testing

@testable import Model

struct WeightAverageTests {
  struct Numbers: Decodable {
    let averageDecay: Double
    let averages: OptimizerTests.Trajectory
    let trajectories: [OptimizerTests.Trajectory]
  }

  private static func weights(seed: UInt64 = 4) throws -> EncoderWeights {
    var small = EncoderArchitecture()
    (small.headHidden, small.headWidth) = (16, 8)
    return EncoderWeights(try ResNet3D(small, frames: 4, size: 32), seed: seed)
  }

  @Test("Ten steps of the average follow PyTorch's exponential AveragedModel")
  func trajectory() throws {
    let numbers = try pyTorchNumbers("optimizers", as: Numbers.self)
    let trained = try Self.weights()
    let start = closedForm(rows: 1, columns: 11, from: 0).values
    func place(_ values: [Float]) {
      trained.values.assign(
        values + [Float](repeating: 0, count: trained.values.count - values.count))
    }
    place(start)
    let average = WeightAverage(of: trained, decay: numbers.averageDecay)
    for (weights, expected) in zip(numbers.trajectories[1].weights, numbers.averages.weights) {
      place(weights.map(Float.init))
      try average.follow(trained, lanes: LanePool(count: 1))
      let ours = Array(average.weights.values.array.prefix(11))
      #expect(relativeDeviation(ours, from: expected) < 1e-6)
    }
  }

  @Test("It starts equal, takes the statistics along, and the lanes change no bit")
  func lanes() throws {
    let (trained, other) = (try Self.weights(), try Self.weights(seed: 5))
    let averages = [1, 3].map { (WeightAverage(of: trained, decay: 0.9), LanePool(count: $0)) }
    #expect(averages[0].0.weights.values.array == trained.values.array)
    other.statistics.assign([Float](repeating: 3, count: other.statistics.count))
    for (average, pool) in averages {
      for _ in 0..<2 { try average.follow(other, lanes: pool) }
    }
    let (one, three) = (averages[0].0.weights, averages[1].0.weights)
    #expect(one.values.array == three.values.array)
    #expect(one.statistics.array == three.statistics.array)
    #expect(one.values.array != trained.values.array)
    #expect(one.statistics.array.allSatisfy { $0 > 0 && $0 < 3 })
  }
}
