// `unsafe` is sound here because the map is read before the next pass.
import Tensors
import Testing

@testable import Model

@Suite("The last map")
struct FeatureMapTests {
  @Test("has the published 9,216 numbers for R3D-18 at 112 pixels, and follows other sizes")
  func shapes() throws {
    func shape(_ size: Int, _ frames: Int = 16, stemPool: Bool = false) throws -> [Int] {
      var architecture = EncoderArchitecture()
      (architecture.depth, architecture.width, architecture.stemPool) = (18, 1, stemPool)
      return try ResNet3D(architecture, frames: frames, size: size).mapShape
    }
    #expect(try shape(112) == [512, 2, 3, 3])
    #expect(try shape(128) == [512, 2, 4, 4])
    #expect(try shape(48, 8) == [512, 1, 3, 3])
    #expect(try shape(112, stemPool: true) == [512, 1, 4, 4])
    #expect(try shape(16, 1) == [512, 1, 1, 1])
  }

  @Test("where no pixels are joined has the pooled feature for its mean", arguments: [10, 18, 50])
  func mean(depth: Int) throws {
    let network = try EncoderFixture.network(depth: depth, frames: 8, size: 48)
    let fixture = try EncoderFixture(network)
    fixture.calm()
    let encoder = try LaneEncoder(fixture.packed, slots: 1)
    let features = encoder.embed(fixture.microbatch(0), mode: .evaluation).features
    let maps = encoder.featureMaps()
    let positions = network.mapWidth / network.features
    #expect(positions == 9)
    for clip in 0..<fixture.clips {
      for channel in 0..<network.features {
        let part = maps.row(clip).dropFirst(channel * positions).prefix(positions)
        let mean = part.reduce(0, +) / Float(positions)
        #expect(abs(mean - features[clip * network.features + channel]) < 1e-5)
      }
    }
  }

  @Test("joins squares of pixels by their largest, and drops what is left over")
  func joined() throws {
    let network = try EncoderFixture.network(frames: 4, size: 112)
    let fixture = try EncoderFixture(network, clips: 1)
    let encoder = try LaneEncoder(fixture.packed, slots: 1)
    _ = encoder.embed(fixture.microbatch(0), mode: .evaluation)
    let maps = encoder.featureMaps()
    #expect(network.mapShape == [128, 1, 3, 3])
    let raw = unsafe encoder.lastMap.assumingMemoryBound(to: Float.self)
    for channel in 0..<128 {
      for (y, x) in [(0, 0), (1, 2), (2, 1)] {
        let values = [(0, 0), (0, 1), (1, 0), (1, 1)].map { dy, dx in
          unsafe raw[((2 * y + dy) * 7 + 2 * x + dx) * 128 + channel]
        }
        #expect(maps[0, channel * 9 + y * 3 + x] == values.max())
      }
    }
  }

  @Test("is nearly the same in bf16", .enabled(if: Precision.bf16.isSupported, "no avx512_bf16"))
  func half() throws {
    let network = try EncoderFixture.network(frames: 4, size: 48)
    let rows = try [Precision.fp32, .bf16].map { precision in
      let fixture = try EncoderFixture(network, clips: 2, precision: precision)
      let encoder = try LaneEncoder(fixture.packed, slots: 1)
      _ = encoder.embed(fixture.microbatch(0), mode: .evaluation)
      return encoder.featureMaps().unitRows()
    }
    for clip in 0..<2 {
      let cosine = zip(rows[0].row(clip), rows[1].row(clip)).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(cosine > 0.99)
    }
  }
}
