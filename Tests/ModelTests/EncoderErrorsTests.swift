import Tensors
import Testing

@testable import Model

@Suite("What the encoder refuses")
struct EncoderErrorsTests {
  private func refusal(_ change: (inout EncoderArchitecture) -> Void) -> String? {
    var architecture = EncoderArchitecture()
    change(&architecture)
    do {
      _ = try ResNet3D(architecture, frames: 8, size: 32)
      return nil
    } catch { return error.reason }
  }

  @Test("an unknown depth, by its number")
  func depth() { #expect(refusal { $0.depth = 12 }?.contains("12") == true) }

  @Test("channels that are no multiple of 16, by their numbers")
  func width() {
    let reason = refusal { $0.width = 0.1 }
    #expect(reason?.contains("0.1") == true && reason?.contains("[6, 13, 26, 51]") == true)
  }

  @Test(
    "a width that is no sensible number",
    arguments: [0, -0.25, .nan, .infinity, 1e300, .leastNonzeroMagnitude])
  func senselessWidth(_ width: Double) { #expect(refusal { $0.width = width } != nil) }

  @Test("a stem of five frames")
  func stem() { #expect(refusal { $0.stemTime = 5 }?.contains("5") == true) }

  @Test("a head whose hidden width is no multiple of 16, or negative", arguments: [100, -16, 1])
  func hidden(_ hidden: Int) {
    #expect(refusal { $0.headHidden = hidden }?.contains("\(hidden)") == true)
  }

  @Test("a head without output", arguments: [0, -8])
  func headWidth(_ width: Int) { #expect(refusal { $0.headWidth = width } != nil) }

  @Test("an empty clip", arguments: [(0, 32), (8, 0), (-1, 32)])
  func clip(frames: Int, size: Int) {
    #expect(throws: ModelError.self) {
      try ResNet3D(EncoderArchitecture(), frames: frames, size: size)
    }
  }

  @Test("bf16 where the CPU lacks it, by the instruction set it has")
  func precision() throws {
    let network = try EncoderFixture.network()
    if Precision.bf16.isSupported {
      _ = try EncoderFixture(network, precision: .bf16)
    } else {
      let error = #expect(throws: ModelError.self) {
        try EncoderFixture(network, precision: .bf16)
      }
      #expect(error?.reason.contains(Machine.instructionSet) == true)
    }
  }

  @Test("weights that lack a tensor or have another shape, and then nothing has changed")
  func load() throws {
    let network = try EncoderFixture.network()
    let target = EncoderWeights(network, seed: 1)
    let before = (target.values.array, target.statistics.array)
    var complete: [String: (shape: [Int], values: [Float])] = [:]
    for tensor in EncoderWeights(network, seed: 2).tensors {
      complete[tensor.name] = (tensor.shape, tensor.values)
    }
    let last = try #require(network.layout.statistics.last?.name)
    let mistakes: [(name: String, tensor: (shape: [Int], values: [Float])?)] = [
      ("layer4.0.conv2.0.weight", nil), (last, nil), (last, ([3], [1, 2, 3])),
      ("stem.0.weight", ([16, 3, 7, 7, 3], [Float](repeating: 0, count: 16 * 3 * 7 * 7 * 3))),
      ("stem.1.weight", ([16], [1, 2])),
    ]
    for mistake in mistakes {
      var tensors = complete
      tensors[mistake.name] = mistake.tensor
      let error = #expect(throws: ModelError.self) { try target.load(tensors) }
      #expect(error?.reason.contains(mistake.name) == true)
      #expect((target.values.array, target.statistics.array) == before)
    }
    try target.load(complete)
    #expect(target.values.array == EncoderWeights(network, seed: 2).values.array)
  }
}
