// `unsafe` is sound here because spoilt places are inside the result that is spoilt.
import Tensors
import Testing

@testable import Model

/// The independent computation that every kernel is compared with before it is used.
@Suite("The check of kernels")
struct KernelCheckTests {
  static let precisions = Precision.allCases.filter(\.isSupported)

  @Test("finds what nested loops over the whole result find", arguments: precisions)
  func agreement(_ precision: Precision) throws {
    for (shapes, method) in [
      (KernelsConvolutionTests.cases, ConvolutionMethod.direct), (WinogradTests.cases, .auto),
    ] {
      for shape in shapes {
        let probe = try ConvolutionProbe(
          shape.unit, clips: shape.clips, precision: precision,
          choice: ConvolutionChoice(method), isTraining: true)
        probe.expectTrust()
      }
    }
  }

  @Test("trusts the kernels of a network, with room to the bounds", arguments: precisions)
  func network(_ precision: Precision) throws {
    let network = try EncoderFixture.network(depth: 18, frames: 8, size: 48, stemPool: true)
    for method in ConvolutionMethod.allCases where method != .timed {
      let check = KernelCheck(network, clips: 4, precision: precision, for: .training)
      let rows = try check.rows(KernelChoices(method))
      #expect(rows.allSatisfy { $0.passed })
      // What only rounds is held to the bound itself.
      let worst =
        rows.filter { !$0.units.isEmpty }.map { ($0.error ?? .infinity) / $0.bound }
        .max() ?? 0
      #expect(worst < 0.7, "\(rows)")
      // Every convolution in every direction that it has, each once.
      let all = rows.flatMap { row in row.units.map { "\($0) \(row.direction)" } }
      #expect(Set(all).count == all.count && all.count == 3 * network.units.count - 1)
    }
    let forward = try KernelCheck(network, clips: 4, precision: precision, for: .embedding)
      .rows(KernelChoices(.auto))
    #expect(forward.allSatisfy { $0.passed && $0.direction == .forward })
  }

  @Test("trusts sums over many clips of many positions", arguments: precisions)
  func longSums(_ precision: Precision) throws {
    for (inputs, kernel, stride) in [(16, [3, 3, 3], [1, 1, 1]), (16, [1, 1, 1], [1, 2, 2])] {
      let shape = ConvolutionShape(
        name: "long", clips: 24, input: [inputs, 16, 56, 56], outputs: 16, kernel: kernel,
        stride: stride)
      for method in [ConvolutionMethod.direct, .auto] {
        let probe = try ConvolutionProbe(
          shape, precision: precision, kernels: KernelChoices(method))
        let error = probe.runAndCompare(.backwardWeights)
        #expect(error < 0.7 * probe.bound(.backwardWeights), "\(kernel) \(method)")
      }
    }
  }

  @Test("refuses a case that makes no sense, by its name")
  func senselessCases() {
    let good = ConvolutionShape(
      name: "odd", clips: 1, input: [16, 2, 4, 4], outputs: 16, kernel: [3, 3, 3],
      stride: [1, 1, 1])
    let changes: [(inout ConvolutionShape) -> Void] = [
      { $0.clips = 0 }, { $0.input = [16, 2, 4] }, { $0.input[0] = 8 }, { $0.input[2] = -1 },
      { $0.outputs = 8 }, { $0.kernel = [5, 3, 3] }, { $0.stride = [1, 1, 3] },
    ]
    for change in changes {
      var changed = good
      change(&changed)
      let shape = changed
      let error = #expect(throws: ModelError.self) { try shape.validate() }
      #expect(error?.reason.contains("'odd'") == true)
    }
  }

  /// Once nothing is written, and once the end is off: last frames, or last temporal tap.
  @Test("sees a wrong kernel", arguments: precisions, KernelDirection.allCases)
  func wrong(_ precision: Precision, _ direction: KernelDirection) throws {
    let network = try EncoderFixture.network(frames: 8, size: 32)
    let check = KernelCheck(network, clips: 2, precision: precision, for: .training)
    let spoils: [(any KernelProbe) -> Void] = [
      { $0.forget(direction) }, { ($0 as? ConvolutionProbe)?.spoilEnd(direction) },
    ]
    for spoil in spoils {
      let rows = try check.rows(KernelChoices(.auto)) { probe, current in
        if current == direction && probe.name == "layer1.0.conv1.0" {
          spoil(probe)
        }
      }
      let failed = rows.filter { !$0.passed }
      #expect(failed.map(\.direction) == [direction])
      #expect(failed.first?.units == [1, 2], "layer 1 has two convolutions of this shape")
    }
  }

  @Test("leads from Winograd's method to oneDNN, to fp32 weight gradients, and no further")
  func ladder() {
    var choices = KernelChoices(.auto)
    func replaces(_ unit: Int, _ wrong: Set<KernelDirection>, _ precision: Precision) -> Bool {
      choices.replace(unit, wrong: wrong, precision)
    }
    #expect(choices.isPlain)
    #expect(replaces(3, [.forward, .backwardData], .fp32))
    #expect(
      choices[3] == ConvolutionChoice(.direct) && choices[2] == ConvolutionChoice(.auto)
        && !choices.isPlain)
    #expect(!replaces(3, [.backwardWeights], .fp32))
    choices = KernelChoices(.direct)
    #expect(!replaces(1, [.forward, .backwardWeights], .bf16))
    #expect(replaces(1, [.backwardWeights], .bf16))
    #expect(choices[1].hasWideWeights)
    #expect(!replaces(1, [.backwardWeights], .bf16))
  }

  @Test(
    "trusts the replacements, and an encoder made of them is nearly the same",
    .enabled(if: Precision.bf16.isSupported, "this CPU has no avx512_bf16"))
  func replacements() throws {
    let network = try EncoderFixture.network(frames: 8, size: 48)
    var choices = KernelChoices(.direct)
    for unit in network.units.indices {
      _ = choices.replace(unit, wrong: [.backwardWeights], .bf16)
    }
    let rows = try KernelCheck(network, clips: 4, precision: .bf16, for: .training).rows(choices)
    #expect(rows.allSatisfy { $0.passed })
    let wide = rows.filter { $0.direction == .backwardWeights && !$0.units.isEmpty }
    #expect(wide.allSatisfy { $0.implementation.hasSuffix("in fp32") })

    let plain = try EncoderFixture(network, precision: .bf16, convolutions: .direct)
    let replaced = try PackedWeights(
      plain.weights, clips: plain.clips, precision: .bf16, choices: choices,
      lanes: LanePool(count: 1))
    let (clips, gradient) = (plain.microbatch(0), plain.gradient())
    let one = try LaneEncoder(plain.packed, slots: 1).run(clips, gradient)
    let other = try LaneEncoder(replaced, slots: 1).run(clips, gradient)
    #expect(one.features == other.features)
    #expect(relativeDeviation(other.leaf, from: one.leaf.map(Double.init)) < 1e-5)
  }
}

extension KernelProbe {
  /// Expects every direction to be right.
  func expectTrust() {
    for direction in directions {
      let error = runAndCompare(direction)
      #expect(
        error < bound(direction),
        "\(name) \(shape) \(direction) by \(implementation(direction)): \(error)")
    }
  }
}

extension ConvolutionProbe {
  /// Moves the last eighth of a result by a little more than it may be off; of weights, the last
  /// temporal tap.
  func spoilEnd(_ direction: KernelDirection) {
    let result = result(direction)
    for index in 0..<result.count {
      let isSpoilt =
        direction == .backwardWeights ? index % 27 >= 18 : index >= result.count / 8 * 7
      guard isSpoilt else { continue }
      result.spoil(index)
    }
  }
}

extension ProbeOperand {
  /// Makes another number of one: in bf16 the sign, otherwise half as much again.
  func spoil(_ index: Int) {
    if precision == .bf16 {
      unsafe raw.assumingMemoryBound(to: UInt16.self)[index] ^= 0x8000
    } else {
      unsafe floats[index] *= 1.5
    }
  }
}
