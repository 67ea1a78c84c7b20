import Foundation
import Testing

@testable import Model

/// The choice of kernels by their time, with times that a test makes up.
@Suite("The timing of kernels", .enabled(if: winogradIsPossible, "this CPU has no AVX2"))
struct KernelTimingTests {
  private let network: ResNet3D

  init() throws { network = try EncoderFixture.network(frames: 4, size: 32) }

  private func timing(
    _ precision: Precision = .fp32, isTraining: Bool = true
  ) -> KernelTiming {
    KernelTiming(network, clips: 2, precision: precision, isTraining: isTraining)
  }

  /// The choices where every pass takes as long as a rule says of its direction and implementation.
  private func choices(
    _ precision: Precision = .fp32, isTraining: Bool = true,
    _ seconds: @escaping @Sendable (KernelDirection, String) -> Double
  ) throws -> KernelChoices {
    try timing(precision, isTraining: isTraining).choices { probe, direction in
      seconds(direction, probe.implementation(direction))
    }
  }

  @Test("takes the fastest of every layer and direction, where there is a choice")
  func fastest() throws {
    let choices = try choices { direction, implementation in
      let isForm = { (name: String) in implementation.hasPrefix("winograd F(\(name),") }
      return switch direction {
      case .forward: isForm("2x2") ? 1 : 2
      case .backwardData: isForm("4x2") || implementation.hasSuffix("/2") ? 1 : 2
      case .backwardWeights: implementation.hasPrefix("winograd") ? 2 : 1
      }
    }
    #expect(choices.method == .timed && choices.covers(units: network.units.count))
    for (index, unit) in network.units.enumerated() {
      let choice = choices[index]
      #expect(choice.isMeasured)
      guard unit.kernel == [3, 3, 3] else {
        #expect(choice.methods == [.direct, .direct, .direct], "\(unit.name)")
        continue
      }
      let isStrided = unit.stride[0] == 2
      #expect(choice.methods == [.f2, isStrided ? .f2 : .f4x2, .direct], "\(unit.name)")
    }
  }

  @Test("computes what was chosen, also where the rule would not", arguments: [true, false])
  func computed(_ prefersWinograd: Bool) throws {
    let choices = try choices { _, name in name.hasPrefix("winograd") == prefersWinograd ? 1 : 9 }
    for unit in network.units.indices where network.units[unit].kernel == [3, 3, 3] {
      let probe = try ConvolutionProbe(
        network, unit: unit, clips: 2, precision: .fp32, kernels: choices)
      for direction in probe.directions {
        #expect(probe.implementation(direction).hasPrefix("winograd") == prefersWinograd)
      }
    }
    let check = KernelCheck(network, clips: 2, precision: .fp32, for: .training)
    #expect(try check.rows(choices).allSatisfy { $0.passed })
  }

  @Test("keeps the rule's choice unless another is clearly faster")
  func margin() throws {
    func forms(_ advantage: Double) throws -> [ConvolutionMethod] {
      try choices { _, name in name.hasPrefix("winograd F(2x2,3x3)") ? 1 - advantage : 1 }[1]
        .methods
    }
    let ruled = try ConvolutionProbe(
      network, unit: 1, clips: 2, precision: .fp32, kernels: KernelChoices(.auto))
    guard ruled.directions.allSatisfy({ ruled.implementation($0).contains("F(4x4") }) else {
      return
    }
    #expect(try forms(0.02) == [.f4, .f4, .f4])
    #expect(try forms(0.05) == [.f2, .f2, .f2])
  }

  @Test(
    "admits every form in bf16",
    .enabled(if: Precision.bf16.isSupported, "this CPU has no avx512_bf16"))
  func admitted() throws {
    let seen = Names()
    _ = try timing(.bf16).choices { probe, direction in
      seen.insert(probe.implementation(direction))
      return 1
    }
    #expect(seen.all.contains { $0.hasPrefix("winograd F(2x2") })
    #expect(seen.all.contains("winograd F(4x4,3x3) in fp32"))
    #expect(seen.all.contains { $0.hasPrefix("winograd F(4x2") })
  }

  @Test("times the forward pass alone where nothing else is wanted")
  func embedding() throws {
    let seen = Names()
    _ = try choices(isTraining: false) { direction, _ in
      seen.insert(direction.rawValue)
      return 1
    }
    #expect(seen.all == ["forward"])
  }

  @Test("by the clock gives choices that pass the checks", arguments: KernelCheckTests.precisions)
  func clock(_ precision: Precision) throws {
    let choices = try timing(precision).choices()
    #expect(choices.covers(units: network.units.count))
    let check = KernelCheck(network, clips: 2, precision: precision, for: .training)
    #expect(try check.rows(choices).allSatisfy { $0.passed })
  }

  @Test("is kept as JSON, and what does not fit a network is seen")
  func coding() throws {
    var choices = try choices { _, _ in 1 }
    let isReplaced = choices.replace(1, wrong: [.forward], .fp32)
    #expect(isReplaced && choices[1] == ConvolutionChoice(.direct, isMeasured: true))
    let data = try JSONEncoder().encode(choices)
    #expect(try JSONDecoder().decode(KernelChoices.self, from: data) == choices)
    #expect(!choices.covers(units: network.units.count - 1))
    #expect(!choices.covers(units: network.units.count + 1))
    let text = String(decoding: data, as: UTF8.self)
    let spoilt = text.replacing("\"forward\":\"direct\"", with: "\"forward\":\"timed\"")
    let wrong = try JSONDecoder().decode(KernelChoices.self, from: Data(spoilt.utf8))
    #expect(!wrong.covers(units: network.units.count))
    #expect(KernelChoices(.auto).covers(units: 3))
  }

  @Test("is told in a line, neighbours that are alike together")
  func summary() throws {
    let choices = try choices { direction, name in
      name.hasPrefix("winograd") == (direction != .backwardWeights) ? 1 : 2
    }
    let text = choices.summary(of: network)
    #expect(text.hasPrefix("stem.0 direct, layer1.0.conv1.0 to "))
    #expect(text.contains("/direct, "))
    #expect(text.hasSuffix(" (forward/data/weights)"))
  }

  /// bf16 forms need AVX-512: what one machine chose, another may not compute.
  @Test(
    "is refused where the CPU lacks a form",
    .enabled(if: Precision.bf16.isSupported, "this CPU has no avx512_bf16"))
  func lacking() throws {
    let unit = network.units[1]
    let error = #expect(throws: ModelError.self) {
      try Convolution3D(
        unit, clips: 2, precision: .bf16, choice: ConvolutionChoice(.f2, isMeasured: true),
        reach: ConvolutionReach(isNarrow: true), isTraining: true)
    }
    #expect(error?.reason.contains("layer1.0.conv1.0 forward was timed as f2 in bf16") == true)
  }
}

/// Names that were seen, from any thread.
///
/// `@unchecked Sendable`: guarded by a lock.
private final class Names: @unchecked Sendable {
  private let lock = NSLock()
  private var names: Set<String> = []

  var all: Set<String> { lock.withLock { names } }
  func insert(_ name: String) { lock.withLock { _ = names.insert(name) } }
}
