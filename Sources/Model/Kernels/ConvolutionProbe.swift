// `unsafe` is sound here because every operand is sized from the same unit as the primitives.
internal import CKernels
internal import Tensors

/// A pass through a convolution.
public enum ConvolutionDirection: String, Codable, Sendable, CaseIterable {
  /// Input to output.
  case forward
  /// The output's gradient to the input's.
  case backwardData
  /// Input and the output's gradient to the weights' gradient.
  case backwardWeights

  var direction: ck_direction {
    switch self {
    case .forward: CK_FORWARD
    case .backwardData: CK_BACKWARD_DATA
    case .backwardWeights: CK_BACKWARD_WEIGHTS
    }
  }
}

/// One convolution of a network with operands of its own, so that it can be timed and checked alone.
@safe
public final class ConvolutionProbe {
  /// The name of the weights.
  public let name: String
  /// N·C·T×H×W → outputs, kernel and stride.
  public let shape: String
  /// The products of one pass over N clips, padding counted.
  public let products: Int
  /// The products whose input is inside the clip: what a direct method has to compute.
  public let productsInside: Int
  /// The passes that are needed: the first convolution's input needs no gradient.
  public let directions: [ConvolutionDirection]
  let unit: ConvolutionUnit
  let clips: Int
  let precision: Precision
  private let convolution: Convolution3D
  private let input, output, weights, forward, backward, scratch: AlignedStorage

  /// Prepares one convolution of a network for N clips of random numbers.
  ///
  /// - Throws: where a shape is refused.
  public convenience init(
    _ network: ResNet3D, unit index: Int, clips: Int, precision: Precision,
    kernels: KernelChoices
  ) throws(ModelError) {
    try self.init(
      network.units[index], clips: clips, precision: precision, choice: kernels[index],
      isTraining: true)
  }

  /// Prepares a convolution that is written down, with the choices for it alone.
  ///
  /// - Throws: where a shape is refused.
  public convenience init(
    _ shape: ConvolutionShape, precision: Precision, kernels: KernelChoices
  ) throws(ModelError) {
    try self.init(
      shape.unit, clips: shape.clips, precision: precision, choice: kernels[0], isTraining: true)
  }

  /// - Parameter other: another probe of the same unit, whose operands this one shares.
  init(
    _ unit: ConvolutionUnit, clips: Int, precision: Precision, choice: ConvolutionChoice,
    isTraining: Bool, sharing other: ConvolutionProbe? = nil
  ) throws(ModelError) {
    self.unit = unit
    self.clips = clips
    self.precision = precision
    convolution = try Convolution3D(
      unit, clips: clips, precision: precision, choice: choice, isTraining: isTraining)
    name = unit.name
    shape = unit.summary(clips: clips)
    let channels = clips * unit.inputChannels * unit.outputChannels
    products = channels * unit.output.positions * unit.kernel.reduce(1, *)
    productsInside = channels * unit.tapsInside
    directions = unit.directions(training: isTraining)
    func operand(_ count: Int) -> AlignedStorage {
      AlignedStorage(count: (count * precision.width + 3) / 4)
    }
    input = other?.input ?? operand(clips * unit.inputChannels * unit.input.positions)
    output = other?.output ?? operand(clips * unit.outputChannels * unit.output.positions)
    weights =
      other?.weights
      ?? AlignedStorage(count: unit.outputChannels * unit.inputChannels * unit.kernel.reduce(1, *))
    forward = AlignedStorage(count: convolution.packedBytes(CK_FORWARD) / 4)
    backward = AlignedStorage(count: convolution.packedBytes(CK_BACKWARD_DATA) / 4)
    scratch = AlignedStorage(count: convolution.scratchBytes / 4 + 16)
    fill()
  }

  /// What computes a direction.
  public func implementation(_ direction: ConvolutionDirection) -> String {
    convolution.implementation(direction.direction)
  }

  /// Computes a direction once, on this thread.
  public func run(_ direction: ConvolutionDirection) {
    switch direction {
    case .forward:
      unsafe convolution.forward(
        input.base, packed: packed(forward), into: output.base, scratch: scratch.base)
    case .backwardData:
      unsafe convolution.backwardData(
        output.base, packed: packed(backward), into: input.base, scratch: scratch.base)
    case .backwardWeights:
      unsafe convolution.backwardWeights(
        input.base, output.base, into: weights.base, scratch: scratch.base)
    }
  }

  /// Gives every operand random numbers again, and packs the weights.
  func fill() {
    fill(input, 1, precision)
    fill(output, 2, precision)
    fill(weights, 3, .fp32)
    unsafe convolution.pack(CK_FORWARD, weights.base, into: forward.base)
    if directions.contains(.backwardData) {
      unsafe convolution.pack(CK_BACKWARD_DATA, weights.base, into: backward.base)
    }
  }

  /// Gives the result of a direction, and scratch, bits that are no numbers.
  ///
  /// So what a kernel leaves out, or takes from memory that it did not write, is seen.
  func forget(_ direction: ConvolutionDirection) {
    for storage in [result(direction), scratch] {
      unsafe UnsafeMutableRawPointer(storage.base).initializeMemory(
        as: UInt8.self, repeating: 0xff, count: 4 * storage.count)
    }
  }

  /// Element `index` of an operand, as the kernels hold it.
  func element(_ operand: Operand, _ index: Int) -> Double {
    if operand == .weights { return unsafe Double(weights.base[index]) }
    let storage = operand == .input ? input : output
    guard precision == .bf16 else { return unsafe Double(storage.base[index]) }
    let halves = unsafe UnsafeMutableRawPointer(storage.base).assumingMemoryBound(to: UInt16.self)
    return unsafe Double(Float(bitPattern: UInt32(halves[index]) << 16))
  }

  /// What a convolution reads and writes.
  enum Operand {
    /// N·C·T·H·W where the unit is the first, otherwise N·T·H·W·C; so is its gradient.
    case input
    /// N·T·H·W·C; so is its gradient.
    case output
    /// O·I·T·H·W; so is their gradient.
    case weights
  }

  /// What a direction writes.
  func result(_ direction: ConvolutionDirection) -> AlignedStorage {
    switch direction {
    case .forward: output
    case .backwardData: input
    case .backwardWeights: weights
    }
  }

  /// Packed weights, or the weights themselves where the primitive reads those.
  private func packed(_ storage: AlignedStorage) -> UnsafePointer<Float> {
    unsafe UnsafePointer(storage.count == 0 ? weights.base : storage.base)
  }

  /// Random numbers of small variance, because results of a pass are the next one's operands.
  ///
  /// They repeat after a prime number of elements, another for each operand: products of two operands
  /// never repeat together, which would make all errors of a sum point one way.
  private func fill(_ storage: AlignedStorage, _ sample: Int, _ precision: Precision) {
    var random = RandomStream(seed: 0, purpose: .test, sample: sample)
    let values = random.normals([8191, 8179, 8171][sample - 1], deviation: 0.01)
    let count = storage.count * 4 / precision.width
    unsafe values.withUnsafeBufferPointer { values in
      guard let first = values.baseAddress else { return }
      for start in stride(from: 0, to: count, by: values.count) {
        let part = min(values.count, count - start)
        if precision == .fp32 {
          unsafe (storage.base + start).update(from: first, count: part)
        } else {
          unsafe ck_to_bf16(
            first, Int64(part),
            UnsafeMutableRawPointer(storage.base).assumingMemoryBound(to: UInt16.self) + start)
        }
      }
    }
  }
}
