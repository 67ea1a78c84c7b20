import Tensors
import Testing

@testable import Model

@Suite struct WeightMappingTests {
  /// The tensors of an encoder with weights of a seed.
  private static func tensors(_ network: ResNet3D, seed: UInt64) -> WeightMapping.Tensors {
    let weights = EncoderWeights(network, seed: seed)
    weights.statistics.assign((0..<weights.statistics.count).map { Float($0 % 7) + 0.5 })
    return Dictionary(
      uniqueKeysWithValues: weights.tensors.map { ($0.name, ($0.shape, $0.values)) })
  }

  private static func network(
    depth: Int = 10, head: Int = 32, stem: Int = 3
  ) throws -> ResNet3D {
    var architecture = EncoderArchitecture()
    (architecture.depth, architecture.headHidden, architecture.headWidth) = (depth, head, 8)
    architecture.stemTime = stem
    return try ResNet3D(architecture, frames: 4, size: 16)
  }

  /// The same tensors under the names of 3D-ResNets-PyTorch, written down once more.
  private static func plainNames(_ tensors: WeightMapping.Tensors) -> WeightMapping.Tensors {
    var result: WeightMapping.Tensors = [:]
    for (name, tensor) in tensors {
      var name = name
      for (ours, theirs) in [
        ("stem.0", "conv1"), ("stem.1", "bn1"), ("conv1.0", "conv1"), ("conv1.1", "bn1"),
        ("conv2.0", "conv2"), ("conv2.1", "bn2"), ("conv3.0", "conv3"), ("conv3.1", "bn3"),
        ("head.0", "fc1"), ("head.1", "bn_proj"), ("head.3", "fc2"),
      ] where name.contains(ours + ".") {
        name.replace(ours + ".", with: theirs + ".")
        break
      }
      result[name] = tensor
    }
    return result
  }

  private func load(
    _ tensors: WeightMapping.Tensors, into network: ResNet3D, omitting: [String] = []
  ) throws -> EncoderWeights {
    let weights = EncoderWeights(network, seed: 99)
    try weights.load(WeightMapping(tensors, into: network, omitting: omitting))
    return weights
  }

  private func refusal(
    _ tensors: WeightMapping.Tensors, into network: ResNet3D, omitting: [String] = []
  ) throws -> String {
    let error = #expect(throws: ModelError.self) {
      try load(tensors, into: network, omitting: omitting)
    }
    return error?.reason ?? ""
  }

  @Test(arguments: [10, 50])
  func `Both namings fill every tensor, with or without a prefix`(depth: Int) throws {
    let network = try Self.network(depth: depth)
    let tensors = Self.tensors(network, seed: 1)
    let expected = try load(tensors, into: network)
    for named in [tensors, Self.plainNames(tensors)] {
      for prefix in ["", "module.", "module.encoder_q."] {
        var file = Dictionary(uniqueKeysWithValues: named.map { (prefix + $0.key, $0.value) })
        if prefix.hasSuffix("encoder_q.") { file["module.encoder_k.conv1.weight"] = ([0], []) }
        let weights = try load(file, into: network, omitting: ["encoder_k", "module.encoder_k"])
        #expect(weights.values.array == expected.values.array)
        #expect(weights.statistics.array == expected.statistics.array)
      }
    }
  }

  @Test func `A classifier is left out, a missing head keeps its values, and both are told`() throws
  {
    let network = try Self.network()
    var tensors = Self.tensors(network, seed: 1).filter { !$0.key.hasPrefix("head.") }
    tensors["fc.weight"] = ([2, 128], [Float](repeating: 0, count: 256))
    let mapping = try WeightMapping(tensors, into: network)
    #expect(mapping.problems.isEmpty && !mapping.fillsHead)
    #expect(mapping.summary.contains("unexpected  fc.weight, left out"))
    #expect(mapping.summary.contains("missing     head.0.weight, keeps its initial values"))
    let (loaded, initial) = (try load(tensors, into: network), EncoderWeights(network, seed: 99))
    for (one, other) in zip(loaded.tensors, initial.tensors) where one.shape.count > 1 {
      #expect((one.values == other.values) == one.name.hasPrefix("head."), "\(one.name)")
    }
    // A head that is there must fit.
    tensors["head.0.bias"] = ([32], [Float](repeating: 0, count: 32))
    #expect(try refusal(tensors, into: network).contains("missing     head.0.weight"))
  }

  @Test func `What is missing, left over or of another shape is refused in a table`() throws {
    let network = try Self.network(head: 0)
    var tensors = Self.plainNames(Self.tensors(network, seed: 1))
    let moved = tensors.removeValue(forKey: "layer2.0.bn1.running_mean")
    tensors["layer2.0.bn1.runing_mean"] = moved
    tensors["layer3.0.conv1.weight"] = ([3], [1, 2, 3])
    let reason = try refusal(tensors, into: network)
    for line in [
      "missing     layer2.0.conv1.1.running_mean (there: layer2.0.bn1.running_mean); "
        + "the nearest name in the file is layer2.0.bn1.runing_mean",
      "unexpected  layer2.0.bn1.runing_mean; the nearest name that is missing is "
        + "layer2.0.bn1.running_mean",
      "wrong shape layer3.0.conv1.0.weight (there: layer3.0.conv1.weight): [3] in the file, "
        + "[64, 32, 3, 3, 3] in the network",
    ] {
      #expect(reason.contains(line), "\(reason)")
    }
    #expect(
      try refusal(tensors, into: network, omitting: ["layer2"]).contains("wrong shape layer3"))
    #expect(throws: Never.self) {
      try load(tensors, into: network, omitting: ["layer2", "layer3"])
    }
    #expect(try refusal(tensors, into: network, omitting: ["layer", "lay"]).contains("layer2"))
  }

  @Test func `Another stem is named, with the setting that fits it`() throws {
    let tensors = Self.tensors(try Self.network(head: 0, stem: 7), seed: 1)
    let reason = try refusal(tensors, into: Self.network(head: 0))
    #expect(reason.contains("wrong shape stem.0.weight: [16, 3, 7, 7, 7] in the file"))
    #expect(reason.contains("encoder.stemTime=7"))
  }

  @Test func `Two-dimensional kernels are repeated over time and divided`() throws {
    let network = try Self.network(head: 0)
    let solid = Self.tensors(network, seed: 1)
    var flat: WeightMapping.Tensors = [:]
    for (name, tensor) in Self.plainNames(solid) {
      guard tensor.shape.count == 5 else {
        flat[name] = tensor
        continue
      }
      let count = tensor.shape[0] * tensor.shape[1] * tensor.shape[3] * tensor.shape[4]
      flat[name] = (
        [tensor.shape[0], tensor.shape[1], tensor.shape[3], tensor.shape[4]],
        (0..<count).map { Float($0 % 1013) }
      )
    }
    let mapping = try WeightMapping(flat, into: network)
    #expect(mapping.summary.contains("of them two-dimensional kernels, inflated"))
    for entry in network.layout.parameters where entry.shape.count == 5 {
      let (frames, plane) = (entry.shape[2], entry.shape[3] * entry.shape[4])
      let values = try #require(mapping.filled[entry.name]).values
      for index in stride(from: 0, to: values.count, by: 97) {
        let (kernel, place) = (index / (frames * plane), index % plane)
        #expect(values[index] == Float((kernel * plane + place) % 1013) / Float(frames))
      }
    }
  }

  @Test func `No network and two networks are refused`() throws {
    let network = try Self.network(head: 0)
    #expect(try refusal(["a": ([1], [1])], into: network).contains("of no known network"))
    let two = Dictionary(
      uniqueKeysWithValues: Self.tensors(network, seed: 1).flatMap {
        [("one." + $0.key, $0.value), ("two." + $0.key, $0.value)]
      })
    #expect(try refusal(two, into: network).contains("several networks, under 'one.', 'two.'"))
  }
}
