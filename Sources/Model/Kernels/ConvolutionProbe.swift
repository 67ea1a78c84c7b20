// `unsafe` is sound here because every operand is sized from the same unit as the primitives.
internal import CKernels

/// One convolution of a network with operands of its own, so that it can be timed and checked alone.
@safe
public final class ConvolutionProbe: KernelProbe {
  /// The name of the weights.
  public let name: String
  /// N·C·T×H×W → outputs, kernel and stride.
  public let shape: String
  /// The products of one pass over N clips, padding counted.
  public let products: Int
  /// The products whose input is inside the clip: what a direct method has to compute.
  public let productsInside: Int
  /// The passes that are needed: the first convolution's input needs no gradient.
  public let directions: [KernelDirection]
  let unit: ConvolutionUnit
  let clips: Int
  let precision: Precision
  private let convolution: Convolution3D
  /// N·C·T·H·W where the unit is the first, otherwise N·T·H·W·C; so is its gradient.
  let input: ProbeOperand
  /// N·T·H·W·C; so is its gradient.
  let output: ProbeOperand
  /// O·I·T·H·W; so is their gradient.
  let weights: ProbeOperand
  private let forward, backward, scratch: ProbeOperand

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
    input =
      other?.input
      ?? ProbeOperand(clips * unit.inputChannels * unit.input.positions, precision)
    output =
      other?.output
      ?? ProbeOperand(clips * unit.outputChannels * unit.output.positions, precision)
    weights =
      other?.weights
      ?? ProbeOperand(unit.outputChannels * unit.inputChannels * unit.kernel.reduce(1, *))
    forward = ProbeOperand(convolution.packedBytes(CK_FORWARD) / 4)
    backward = ProbeOperand(convolution.packedBytes(CK_BACKWARD_DATA) / 4)
    scratch = ProbeOperand(convolution.scratchBytes / 4 + 16)
    fill()
  }

  /// What computes a direction.
  public func implementation(_ direction: KernelDirection) -> String {
    convolution.implementation(direction.direction)
  }

  /// Computes a direction once, on this thread.
  public func run(_ direction: KernelDirection) {
    switch direction {
    case .forward:
      unsafe convolution.forward(
        input.raw, packed: packed(forward), into: output.raw, scratch: scratch.raw)
    case .backwardData:
      unsafe convolution.backwardData(
        output.raw, packed: packed(backward), into: input.raw, scratch: scratch.raw)
    case .backwardWeights:
      unsafe convolution.backwardWeights(
        input.raw, output.raw, into: weights.floats, scratch: scratch.raw)
    }
  }

  /// Random numbers of small variance, because results of a pass are the next one's operands; and
  /// weights packed.
  func fill() {
    input.fill(1, deviation: 0.01)
    output.fill(2, deviation: 0.01)
    weights.fill(3, deviation: 0.01)
    unsafe convolution.pack(CK_FORWARD, weights.floats, into: forward.raw)
    if directions.contains(.backwardData) {
      unsafe convolution.pack(CK_BACKWARD_DATA, weights.floats, into: backward.raw)
    }
  }

  func written(by direction: KernelDirection) -> [ProbeOperand] { [result(direction), scratch] }

  func result(_ direction: KernelDirection) -> ProbeOperand {
    switch direction {
    case .forward: output
    case .backwardData: input
    case .backwardWeights: weights
    }
  }

  func largestError(_ direction: KernelDirection) -> Double {
    ConvolutionSamples(self).largestError(direction)
  }

  /// From which error on a direction counts as wrong.
  ///
  /// fp32 sums are off by some 10⁻⁶, Winograd's by some 10⁻⁵; a bf16 result is rounded to 2⁻⁸ of itself,
  /// which may be some of the units here, and Winograd's operands, too. Weight gradients are fp32 unless
  /// Winograd's; they sum a term for each position of every clip, and rounding such sums errs with the
  /// root of their length. Wrong kernels are off by whole units.
  func bound(_ direction: KernelDirection) -> Double {
    let isWinograd = implementation(direction).hasPrefix("winograd")
    let terms = Double(clips * unit.output.positions)
    let length = direction == .backwardWeights ? max(1, (terms / 16384).squareRoot()) : 1
    guard precision == .bf16 else { return (isWinograd ? 2e-4 : 5e-5) * length }
    if isWinograd { return 0.08 }
    return direction == .backwardWeights ? 5e-5 * length : 0.02
  }

  /// Packed weights, or the weights themselves where the primitive reads those.
  private func packed(_ operand: ProbeOperand) -> UnsafePointer<Float> {
    unsafe UnsafePointer(operand.count == 0 ? weights.floats : operand.floats)
  }
}
