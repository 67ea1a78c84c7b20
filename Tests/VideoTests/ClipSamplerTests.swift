import Tensors
import Testing

@testable import Video

@Suite("The clip sampler") struct ClipSamplerTests {
  @Test("draws every start that fits, and none that does not")
  func random() {
    var random = RandomStream(seed: 1, purpose: .test)
    var starts: [Int: Int] = [:]
    for _ in 0..<7000 {
      let window = ClipSampler.random(frameCount: 28, frames: 8, stride: 3, using: &random)
      #expect(window.frames == 8 && window.stride == 3)
      starts[window.start, default: 0] += 1
    }
    #expect(starts.keys.sorted() == Array(0...6))
    #expect(starts.values.allSatisfy { abs($0 - 1000) < 150 })
  }

  @Test("reads a short video from its start")
  func short() {
    var random = RandomStream(seed: 1, purpose: .test)
    for count in [1, 5, 22] {
      let window = ClipSampler.random(frameCount: count, frames: 8, stride: 3, using: &random)
      #expect(window.start == 0)
      let uniform = ClipSampler.uniform(2, of: 3, frameCount: count, frames: 8, stride: 3)
      #expect(uniform.start == 0)
    }
  }

  @Test("spaces clips evenly, and puts a single one in the middle")
  func uniform() {
    func starts(_ n: Int, _ count: Int) -> [Int] {
      (0..<n).map {
        ClipSampler.uniform($0, of: n, frameCount: count, frames: 8, stride: 3).start
      }
    }
    #expect(starts(1, 62) == [20])
    #expect(starts(2, 62) == [10, 30])
    #expect(starts(4, 102) == [10, 30, 50, 70])
    #expect(starts(3, 23) == [0, 0, 0])
  }
}
