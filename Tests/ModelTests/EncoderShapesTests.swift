import Testing

@testable import Model

@Suite("Encoder shapes")
struct EncoderShapesTests {
  private func architecture(_ depth: Int, stemTime: Int = 3, stemPool: Bool = false)
    -> EncoderArchitecture
  {
    var result = EncoderArchitecture()
    result.depth = depth
    result.width = 1
    result.stemTime = stemTime
    result.stemPool = stemPool
    result.headHidden = 0
    return result
  }

  @Test(
    "the published networks have the published numbers of parameters",
    arguments: [
      (10, 3, 14_361_792), (10, 7, 14_399_424), (18, 3, 33_166_272), (18, 7, 33_203_904),
      (34, 3, 63_475_904), (34, 7, 63_513_536), (50, 3, 46_161_344), (50, 7, 46_198_976),
    ])
  func parameters(depth: Int, stemTime: Int, count: Int) throws {
    for stemPool in [false, true] {
      let architecture = architecture(depth, stemTime: stemTime, stemPool: stemPool)
      let network = try ResNet3D(architecture, frames: 16, size: 112)
      #expect(network.layout.parameterCount == count)
      #expect(network.features == (depth == 50 ? 2048 : 512))
      #expect(network.embeddingWidth == network.features, "without a head, features are embedded")
    }
  }

  @Test("torchvision's r3d_18 is ours with a linear layer of 400 classes")
  func torchvision() throws {
    let network = try ResNet3D(architecture(18), frames: 16, size: 112)
    let classifier = (network.features + 1) * 400
    #expect(classifier == 205_200 && network.layout.parameterCount + classifier == 33_371_472)
    let names = Set(network.layout.parameters.map(\.name))
    #expect(names.count == network.layout.parameters.count)
    #expect(
      names.isSuperset(of: [
        "stem.0.weight", "stem.1.bias", "layer1.0.conv1.0.weight", "layer2.0.downsample.1.weight",
        "layer4.1.conv2.1.bias",
      ]))
    #expect(!names.contains("layer1.0.downsample.0.weight"))
  }

  @Test("SLIC's projection head has 1,316,992 parameters")
  func head() throws {
    var architecture = architecture(18)
    let without = try ResNet3D(architecture, frames: 16, size: 112)
    architecture.headHidden = 2048
    architecture.headWidth = 128
    let with = try ResNet3D(architecture, frames: 16, size: 112)
    #expect(with.layout.parameterCount - without.layout.parameterCount == 1_316_992)
    #expect(with.embeddingWidth == 128)
  }

  @Test("shortcut A has no parameters, and starts where shapes change")
  func shortcutA() throws {
    for depth in [18, 50] {
      var architecture = architecture(depth)
      let projected = try ResNet3D(architecture, frames: 16, size: 112)
      architecture.shortcut = .a
      let plain = try ResNet3D(architecture, frames: 16, size: 112)
      let projections = projected.layout.parameters.filter { $0.name.contains("downsample") }
      let saved = projections.reduce(0) { $0 + $1.range.count }
      #expect(saved > 0)
      #expect(plain.layout.parameterCount == projected.layout.parameterCount - saved)
    }
  }

  /// Stem, pooled stem, and the four layers of R3D-18, as published for four kinds of clips.
  static let published: [(size: Int, stemPool: Bool, expected: [[Int]])] = [
    (112, false, [[16, 56], [16, 56], [16, 56], [8, 28], [4, 14], [2, 7]]),
    (128, false, [[16, 64], [16, 64], [16, 64], [8, 32], [4, 16], [2, 8]]),
    (112, true, [[16, 56], [8, 28], [8, 28], [4, 14], [2, 7], [1, 4]]),
    (128, true, [[16, 64], [8, 32], [8, 32], [4, 16], [2, 8], [1, 4]]),
  ]

  @Test("sixteen frames give the published extents", arguments: published)
  func extents(size: Int, stemPool: Bool, expected: [[Int]]) throws {
    let network = try ResNet3D(architecture(18, stemPool: stemPool), frames: 16, size: size)
    let layers = [1, 3, 5, 7].map { network.blocks[$0].units[1] }
    let all = [network.stem.output, network.pooled ?? network.stem.output] + layers.map(\.output)
    #expect(all == expected.map { Extent(t: $0[0], h: $0[1], w: $0[1]) })
    #expect(layers.map(\.outputChannels) == [64, 128, 256, 512])
  }

  @Test("parameters and statistics fill their flat buffers without a gap", arguments: [10, 50])
  func layout(_ depth: Int) throws {
    let network = try EncoderFixture.network(depth: depth)
    for entries in [network.layout.parameters, network.layout.statistics] {
      var end = 0
      for entry in entries {
        #expect(entry.range.lowerBound == end && entry.range.count == entry.shape.reduce(1, *))
        end = entry.range.upperBound
      }
    }
  }
}
