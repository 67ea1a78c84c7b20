// `unsafe` is sound here because every range comes from the layout that sized the buffer.
import Foundation
import Tensors

@testable import Model

/// What `encoder.json` holds; `Tests/Fixtures/pytorch/README.md` tells how it came about.
struct EncoderNumbers: Decodable {
  struct Row: Decodable {
    let first: [Double]
    let norm: Double
  }

  struct Gradient: Decodable {
    let shape: [Int]
    let norm, sum: Double
    let first: [Double]
    let fp32Deviation: Double
  }

  struct Deviation: Decodable {
    let evaluationPooled, pooled, output: Double
  }

  struct Case: Decodable {
    let settings: NetworkNumbers
    let parameterCount: Int
    let evaluationPooled, pooled: [Row]
    let output: [Double]
    let fp32Deviation: Deviation
    let gradients: [String: Gradient]
    let running: [String: Row]

    private enum Key: CodingKey {
      case parameterCount, evaluationPooled, pooled, output, fp32Deviation, gradients, running
    }

    init(from decoder: any Decoder) throws {
      settings = try NetworkNumbers(from: decoder)
      let all = try decoder.container(keyedBy: Key.self)
      parameterCount = try all.decode(Int.self, forKey: .parameterCount)
      evaluationPooled = try all.decode([Row].self, forKey: .evaluationPooled)
      pooled = try all.decode([Row].self, forKey: .pooled)
      output = try all.decode([Double].self, forKey: .output)
      fp32Deviation = try all.decode(Deviation.self, forKey: .fp32Deviation)
      gradients = try all.decode([String: Gradient].self, forKey: .gradients)
      running = try all.decode([String: Row].self, forKey: .running)
    }
  }

  let cases: [Case]
}

/// What `training.json` holds.
struct TrainingNumbers: Decodable {
  struct Summary: Decodable {
    let norm: Double
  }

  let settings: NetworkNumbers
  let temperature, learningRate, momentum, weightDecay: Double
  /// In double and in single precision.
  let losses, losses32: [Double]
  let finalParameters: [String: Summary]

  private enum Key: CodingKey {
    case temperature, learningRate, momentum, weightDecay, losses, losses32, finalParameters
  }

  init(from decoder: any Decoder) throws {
    settings = try NetworkNumbers(from: decoder)
    let all = try decoder.container(keyedBy: Key.self)
    temperature = try all.decode(Double.self, forKey: .temperature)
    learningRate = try all.decode(Double.self, forKey: .learningRate)
    momentum = try all.decode(Double.self, forKey: .momentum)
    weightDecay = try all.decode(Double.self, forKey: .weightDecay)
    losses = try all.decode([Double].self, forKey: .losses)
    losses32 = try all.decode([Double].self, forKey: .losses32)
    finalParameters = try all.decode([String: Summary].self, forKey: .finalParameters)
  }
}

/// A network and its batch, as both files name them.
struct NetworkNumbers: Decodable {
  let depth: Int
  let width: Double
  let stemTime: Int
  let stemPool: Bool
  let shortcut: EncoderArchitecture.Shortcut
  let headHidden, headWidth: Int
  /// N, C, T, H, W.
  let input: [Int]
  /// A factor on the scales of the bottlenecks' last norms.
  let lastNormScale: Double?

  /// The encoder with the weights of the closed form.
  func fixture() throws -> EncoderFixture {
    var architecture = EncoderArchitecture()
    architecture.depth = depth
    architecture.width = width
    architecture.stemTime = stemTime
    architecture.stemPool = stemPool
    architecture.shortcut = shortcut
    architecture.headHidden = headHidden
    architecture.headWidth = headWidth
    let network = try ResNet3D(architecture, frames: input[2], size: input[3])
    let fixture = try EncoderFixture(network, clips: input[0], convolutions: .direct)
    for entry in network.layout.parameters {
      for index in entry.range {
        let i = Double(index)
        let wave = sin(0.7 * i + 0.3 * sin(0.01 * i))
        unsafe fixture.weights.values.base[index] = Float(value(of: entry, wave))
      }
    }
    fixture.refresh()
    return fixture
  }

  private func value(of entry: ParameterLayout.Entry, _ wave: Double) -> Double {
    switch entry.kind {
    case .convolution:
      let fanOut = entry.shape[0] * entry.shape[2...].reduce(1, *)
      return (2 / Double(fanOut)).squareRoot() * wave
    case .one:
      let scale = entry.name.hasSuffix("conv3.1.weight") ? lastNormScale ?? 1 : 1
      return (1 + 0.1 * wave) * scale
    case .linear(let fanIn) where entry.name.hasSuffix("weight"):
      return (1 / Double(fanIn)).squareRoot() * wave
    case .linear, .zero: return 0.1 * wave
    }
  }
}

/// Clips whose element j, counted from `offset`, is sin(0.05 j + 0.5 sin(0.003 j)).
func closedFormClips(_ count: Int, from offset: Int) -> [Float] {
  (0..<count).map {
    let j = Double($0 + offset)
    return Float(sin(0.05 * j + 0.5 * sin(0.003 * j)))
  }
}
