// `unsafe` is sound here because all places come from the plan that sized the arena, and all ranges
// from the layout that sized the flat buffers.
internal import CKernels
internal import Tensors

/// One convolution with its batch norm, on one lane.
@safe
final class UnitRunner {
  let unit: ConvolutionUnit
  let normalization: Normalization
  private let index: Int
  private let convolution: Convolution3D
  private let packed: PackedWeights

  init(_ index: Int, packed: PackedWeights) throws(ModelError) {
    let unit = packed.units[index]
    self.unit = unit
    self.index = index
    self.packed = packed
    convolution = try packed.makePrimitive(index)
    normalization = Normalization(
      type: packed.precision.type, rows: packed.clips * unit.output.positions,
      channels: unit.outputChannels, mean: unit.mean, variance: unit.variance, scale: unit.scale,
      shift: unit.shift)
  }

  func implementation(_ direction: ck_direction) -> String {
    convolution.implementation(direction)
  }

  func convolve(
    _ source: UnsafeRawPointer, into output: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    unsafe convolution.forward(
      source, packed: packed.forwardWeights(index), into: output, scratch: scratch)
  }

  /// Writes the weights' gradient into the leaf.
  func weightsBackward(
    _ source: UnsafeRawPointer, _ gradient: UnsafeRawPointer, leaf: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    unsafe convolution.backwardWeights(
      source, gradient, into: leaf + unit.weights.lowerBound, scratch: scratch)
  }

  /// Turns the gradient of the convolution's output into that of its source.
  func dataBackward(
    _ gradient: UnsafeRawPointer, into source: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    unsafe convolution.backwardData(
      gradient, packed: packed.backwardWeights(index), into: source, scratch: scratch)
  }
}
