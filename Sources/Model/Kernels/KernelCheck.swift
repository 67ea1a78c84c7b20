internal import Tensors

/// Compares every distinct kernel of a network with an independent computation: nested loops in double
/// precision, at some dozens of places of the result or more, corners and edges among them.
///
/// That is convolutions, batch norms, pools, shortcuts and the head's products, in every direction that
/// a pass needs. The error at a place is the distance from the sum that belongs there, relative to the
/// root of the sum of its terms' squares (what the sum would be with random signs), or to the sum itself
/// where that is larger. So zeros and cancellation are no matter.
public struct KernelCheck: Sendable {
  /// One kernel: a direction of one shape, for all units that have it.
  public struct Row: Codable, Sendable, Equatable {
    /// The first layer with this shape; of convolutions the name of its weights.
    public var layer: String
    /// The numbers of all convolutions with this shape; none of another kernel, which nothing replaces.
    public var units: [Int]
    /// The shape in words; of convolutions N·C·T×H×W → outputs, kernel and stride.
    public var shape: String
    /// The pass.
    public var direction: KernelDirection
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
  let purpose: Purpose

  /// What a network is used for.
  public enum Purpose: String, Sendable {
    /// Passes forward and backward, with the batch's statistics; and embedding in between.
    case training
    /// Passes forward, with the batch's statistics; and embedding in between.
    case keys
    /// Passes forward, with running statistics.
    case embedding

    var directions: [KernelDirection] { self == .training ? KernelDirection.allCases : [.forward] }
  }

  /// Plans the checks of a network's kernels for microbatches of N clips.
  public init(
    _ network: ResNet3D, clips: Int, precision: Precision, for purpose: Purpose
  ) {
    self.network = network
    self.clips = clips
    self.precision = precision
    self.purpose = purpose
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
    tamper: (any KernelProbe, KernelDirection) -> Void
  ) throws -> [Row] {
    BLAS.useOneThread()
    Machine.useOneThread()
    var rows: [Row] = []
    func check(_ probe: any KernelProbe, _ units: [Int]) throws {
      for direction in probe.directions {
        let error = probe.runAndCompare(direction) { tamper(probe, direction) }
        rows.append(
          Row(
            layer: probe.name, units: units, shape: probe.shape, direction: direction,
            implementation: probe.implementation(direction),
            error: error.isFinite ? error : nil, bound: probe.bound(direction)))
      }
      try afterShape()
    }
    for units in network.units.alike(clips: clips, choices) {
      try check(
        ConvolutionProbe(
          network.units[units[0]], clips: clips, precision: precision, choice: choices[units[0]],
          isTraining: purpose == .training), units)
    }
    for (name, kernel, purpose) in plainKernels {
      try check(
        kernel.probe(name, clips: clips, precision: precision, for: purpose), [])
    }
    return rows
  }

  /// How many different shapes, or choices for a shape, there are.
  public func shapeCount(_ choices: KernelChoices) -> Int {
    network.units.alike(clips: clips, choices).count + plainKernels.count
  }

  /// What is checked, in words: equal texts mean equal checks, on the same machine and libraries.
  public func summary(_ choices: KernelChoices) -> String {
    let kernels = network.units.alike(clips: clips, choices).map { units in
      let unit = network.units[units[0]]
      let choice = choices[units[0]]
      return "\(unit.summary(clips: clips)), padding \(unit.padding), units \(units), \(choice)"
        + (choice.isMeasured ? ", measured" : "")
    }
    let others = plainKernels.map { "\($0.kernel) for \($0.purpose)" }
    return ([precision.rawValue, purpose.rawValue] + kernels + others)
      .joined(separator: "\n")
  }

  private var plainKernels: [(name: String, kernel: PlainKernel, purpose: Purpose)] {
    network.plainKernels(clips: clips, precision: precision, for: purpose)
  }
}
