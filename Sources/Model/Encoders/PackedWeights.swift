// `unsafe` is sound here because each packed buffer is sized by the primitive that fills it, and the
// weights live as long as this object.
internal import CKernels
public import Tensors

/// The convolution weights in the layouts that the primitives want, shared by the lanes of a rank.
///
/// `@unchecked Sendable`: whoever packs gives every convolution to one lane; passes only read.
@safe
public final class PackedWeights: @unchecked Sendable {
  /// The weights that are packed here.
  public let weights: EncoderWeights
  /// The clips of a microbatch, N.
  public let clips: Int
  /// The precision of convolutions.
  public let precision: Precision
  /// How every unit's convolution is computed.
  public let choices: KernelChoices
  /// Whether the backward passes are there as well.
  public let isTraining: Bool
  let units: [ConvolutionUnit]
  private let primitives: [Convolution3D]
  private let forward: [AlignedStorage]
  private let backward: [AlignedStorage]
  /// The unit whose convolution a parameter of the layout is, by the parameter's number.
  private let unitOfParameter: [Int: Int]

  /// Creates the buffers and packs the weights as they are now.
  ///
  /// - Throws: where oneDNN refuses a shape, or the CPU lacks the precision.
  public init(
    _ weights: EncoderWeights, clips: Int, precision: Precision, choices: KernelChoices,
    isTraining: Bool = true, lanes: LanePool
  ) throws(ModelError) {
    self.weights = weights
    self.clips = clips
    self.precision = precision
    self.choices = choices
    self.isTraining = isTraining
    units = weights.network.units
    var primitives: [Convolution3D] = []
    for (index, unit) in units.enumerated() {
      primitives.append(
        try Convolution3D(
          unit, clips: clips, precision: precision, choice: choices[index],
          isTraining: isTraining))
    }
    self.primitives = primitives
    forward = primitives.map { AlignedStorage(count: $0.packedBytes(CK_FORWARD) / 4) }
    backward = primitives.map { AlignedStorage(count: $0.packedBytes(CK_BACKWARD_DATA) / 4) }
    let parameters = weights.network.layout.parameters.enumerated()
    let numbers = Dictionary(
      uniqueKeysWithValues: parameters.map { ($0.element.range, $0.offset) })
    unitOfParameter = Dictionary(
      uniqueKeysWithValues: units.enumerated().compactMap { index, unit in
        numbers[unit.weights].map { ($0, index) }
      })
    precondition(unitOfParameter.count == units.count, "a convolution that is no parameter")
    refresh(lanes: lanes)
  }

  /// What the weights, their statistics and the packed copies take.
  public var byteCount: Int {
    (weights.values.count + weights.statistics.count) * 4
      + (forward + backward).reduce(0) { $0 + $1.count * 4 }
  }

  /// Packs all weights anew.
  public func refresh(lanes: LanePool) {
    // `pack` cannot throw, so neither can this.
    try? lanes.forEach(units.count) { [self] unit in pack(unit) }
  }

  /// Updates the weights and packs each convolution's as soon as they are new.
  public func update(
    by optimizer: Optimizer, along gradients: AlignedStorage, learningRate: Float,
    gradientScale: Float = 1, lanes: LanePool
  ) throws {
    try optimizer.update(
      weights.values, along: gradients, learningRate: learningRate, gradientScale: gradientScale,
      lanes: lanes
    ) { [self] parameter in
      if let unit = unitOfParameter[parameter] { pack(unit) }
    }
  }

  private func pack(_ unit: Int) {
    let source = unsafe weights.values.base + units[unit].weights.lowerBound
    unsafe primitives[unit].pack(CK_FORWARD, source, into: forward[unit].base)
    if isTraining && !units[unit].isFirst {
      unsafe primitives[unit].pack(CK_BACKWARD_DATA, source, into: backward[unit].base)
    }
  }

  /// A unit's primitives for one more lane.
  func makePrimitive(_ unit: Int) throws(ModelError) -> Convolution3D {
    try Convolution3D(
      units[unit], clips: clips, precision: precision, choice: choices[unit],
      isTraining: isTraining)
  }

  /// The program of a pass with these primitives.
  func program(_ mode: Mode) -> EncoderProgram {
    EncoderProgram(
      weights.network, clips: clips, precision: precision, mode: mode, hasBackward: isTraining,
      scratchBytes: primitives.map(\.scratchBytes))
  }

  func forwardWeights(_ unit: Int) -> UnsafeRawPointer {
    unsafe packed(forward[unit], unit)
  }

  func backwardWeights(_ unit: Int) -> UnsafeRawPointer {
    unsafe packed(backward[unit], unit)
  }

  /// The packed weights of a unit, or the weights themselves where the primitive reads those.
  private func packed(_ storage: AlignedStorage, _ unit: Int) -> UnsafeRawPointer {
    guard storage.count == 0 else { return unsafe UnsafeRawPointer(storage.base) }
    return unsafe UnsafeRawPointer(weights.values.base + units[unit].weights.lowerBound)
  }
}
