// `unsafe` is sound here because each packed buffer is sized by the primitive that fills it, and the
// weights live as long as this object.
internal import CKernels
public import Tensors

/// The convolution weights in the layouts that the primitives want, shared by the lanes of a rank.
///
/// `@unchecked Sendable`: `refresh` gives every convolution to one lane; in a step they are only read.
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

  /// Creates the buffers and packs the weights as they are now.
  ///
  /// - Throws: where oneDNN refuses a shape, or the CPU lacks the precision.
  public init(
    _ weights: EncoderWeights, clips: Int, precision: Precision, choices: KernelChoices,
    isTraining: Bool = true, lanes: LanePool
  ) throws(ModelError) {
    guard precision.isSupported else {
      throw ModelError(
        "precision \(precision.rawValue) needs a CPU with avx512_bf16; this one has "
          + Machine.instructionSet)
    }
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
    refresh(lanes: lanes)
  }

  /// Packs the weights anew; after each update.
  public func refresh(lanes: LanePool) {
    let pack: @Sendable (Int) -> Void = { [self] index in
      let source = unsafe weights.values.base + units[index].weights.lowerBound
      unsafe primitives[index].pack(CK_FORWARD, source, into: forward[index].base)
      if isTraining && !units[index].isFirst {
        unsafe primitives[index].pack(CK_BACKWARD_DATA, source, into: backward[index].base)
      }
    }
    // `pack` cannot throw, so neither can this.
    try? lanes.forEach(units.count, pack)
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
