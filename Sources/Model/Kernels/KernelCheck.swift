/// Compares every distinct kernel of a network with an independent computation: nested loops in double
/// precision, at some dozens of places of the result, corners and edges among them.
///
/// The error at a place is the distance from the sum of products, relative to the root of the sum of
/// their squares: what the sum would be with random signs. So zeros and cancellation are no matter.
public struct KernelCheck: Sendable {
  /// One kernel: a direction of one shape, for all units that have it.
  public struct Row: Codable, Sendable, Equatable {
    /// The first unit with this shape, by the name of its weights.
    public var layer: String
    /// The numbers of all units with this shape.
    public var units: [Int]
    /// N·C·T×H×W → outputs, kernel and stride.
    public var shape: String
    /// The pass.
    public var direction: ConvolutionDirection
    /// What computed it.
    public var implementation: String
    /// The largest error of the places looked at; nil if one was not finite.
    public var error: Double?
    /// The error from which on the kernel counts as wrong.
    public var bound: Double

    /// Whether the kernel can be trusted.
    public var passed: Bool { error.map { $0 < bound } ?? false }
  }

  /// The precision of the kernels.
  public let precision: Precision
  let network: ResNet3D
  let clips: Int
  let isTraining: Bool

  /// Plans the checks of a network's kernels for microbatches of N clips.
  public init(_ network: ResNet3D, clips: Int, precision: Precision, isTraining: Bool) {
    self.network = network
    self.clips = clips
    self.precision = precision
    self.isTraining = isTraining
  }

  /// Checks all kernels, on the calling thread.
  ///
  /// - Parameter afterShape: is called after each of `shapeCount` shapes.
  /// - Throws: where a shape is refused, or what `afterShape` throws.
  public func rows(
    _ choices: KernelChoices, afterShape: () throws -> Void = {}
  ) throws -> [Row] {
    try rows(choices, afterShape: afterShape) { _, _ in }
  }

  /// The same; `tamper` may spoil a result before it is looked at, in tests.
  func rows(
    _ choices: KernelChoices, afterShape: () throws -> Void = {},
    tamper: (ConvolutionProbe, ConvolutionDirection) -> Void
  ) throws -> [Row] {
    Machine.useOneThread()
    var rows: [Row] = []
    for units in network.units.alike(clips: clips, choices) {
      let probe = try ConvolutionProbe(
        network.units[units[0]], clips: clips, precision: precision, choice: choices[units[0]],
        isTraining: isTraining)
      for direction in probe.directions {
        probe.fill()
        probe.forget(direction)
        probe.run(direction)
        tamper(probe, direction)
        let error = ConvolutionSamples(probe).largestError(direction)
        rows.append(
          Row(
            layer: probe.name, units: units, shape: probe.shape, direction: direction,
            implementation: probe.implementation(direction),
            error: error.isFinite ? error : nil,
            bound: Self.bound(probe, direction)))
      }
      try afterShape()
    }
    return rows
  }

  /// How many different shapes, or choices for a shape, there are.
  public func shapeCount(_ choices: KernelChoices) -> Int {
    network.units.alike(clips: clips, choices).count
  }

  /// What is checked, in words: equal texts mean equal checks, on the same machine and libraries.
  public func summary(_ choices: KernelChoices) -> String {
    let kernels = network.units.alike(clips: clips, choices).map { units in
      let unit = network.units[units[0]]
      let choice = choices[units[0]]
      return "\(unit.summary(clips: clips)), padding \(unit.padding), units \(units), \(choice)"
        + (choice.isMeasured ? ", measured" : "")
    }
    return ([precision.rawValue, isTraining ? "training" : "embedding"] + kernels)
      .joined(separator: "\n")
  }

  /// The error from which on a kernel counts as wrong.
  ///
  /// fp32 sums are off by some 10⁻⁶, Winograd's by some 10⁻⁵; a bf16 result is rounded to 2⁻⁹ of itself,
  /// which may be some of the units here, and Winograd's operands, too. Weight gradients are fp32 unless
  /// Winograd's; they sum a term for each position of every clip, and rounding such sums errs with the
  /// root of their length. Wrong kernels are off by whole units.
  static func bound(_ probe: ConvolutionProbe, _ direction: ConvolutionDirection) -> Double {
    let isWinograd = probe.implementation(direction).hasPrefix("winograd")
    let terms = Double(probe.clips * probe.unit.output.positions)
    let length = direction == .backwardWeights ? max(1, (terms / 16384).squareRoot()) : 1
    guard probe.precision == .bf16 else { return (isWinograd ? 2e-4 : 5e-5) * length }
    if isWinograd { return 0.08 }
    return direction == .backwardWeights ? 5e-5 * length : 0.02
  }
}
