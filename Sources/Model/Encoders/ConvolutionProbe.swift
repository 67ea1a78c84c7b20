// `unsafe` is sound here because every operand is sized from the same unit as the primitives.
internal import CKernels
internal import Tensors

/// One convolution of a network with operands of its own, so that it can be timed alone.
@safe
public final class ConvolutionProbe {
  /// A pass through a convolution.
  public enum Direction: String, Sendable, CaseIterable {
    /// Input to output.
    case forward
    /// The output's gradient to the input's.
    case backwardData
    /// Input and the output's gradient to the weights' gradient.
    case backwardWeights

    fileprivate var direction: ck_direction {
      switch self {
      case .forward: CK_FORWARD
      case .backwardData: CK_BACKWARD_DATA
      case .backwardWeights: CK_BACKWARD_WEIGHTS
      }
    }
  }

  /// The name of the weights.
  public let name: String
  /// N·C·T×H×W → outputs, kernel and stride.
  public let shape: String
  /// The products of one pass over N clips, padding counted.
  public let products: Int
  /// The products whose input is inside the clip: what a direct method has to compute.
  public let productsInside: Int
  /// The passes that training needs: the first convolution's input needs no gradient.
  public let directions: [Direction]
  private let convolution: Convolution3D
  private let input, output, weights, forward, backward, scratch: AlignedStorage

  /// The convolutions of a network.
  public static func count(in network: ResNet3D) -> Int { network.units.count }

  /// Prepares one convolution for N clips of random numbers.
  ///
  /// - Throws: where a shape is refused.
  public init(
    _ network: ResNet3D, unit index: Int, clips: Int, precision: Precision,
    convolutions: ConvolutionMethod
  ) throws(ModelError) {
    let unit = network.units[index]
    convolution = try Convolution3D(
      unit, clips: clips, precision: precision, method: convolutions.method, isTraining: true)
    name = unit.name
    let (from, to) = (unit.input, unit.output)
    shape =
      "\(clips)·\(unit.inputChannels)·\(from.t)×\(from.h)×\(from.w) → \(unit.outputChannels), "
      + "\(unit.kernel.map(String.init).joined(separator: "×")) / \(unit.stride[0])"
      + (unit.stride[0] == unit.stride[1] ? "" : ",\(unit.stride[1])")
    let channels = clips * unit.inputChannels * unit.outputChannels
    products = channels * to.positions * unit.kernel.reduce(1, *)
    func inside(_ axis: Int, _ input: Int, _ output: Int) -> Int {
      (0..<output).reduce(0) { sum, position in
        let start = position * unit.stride[axis] - unit.padding[axis]
        return sum + min(start + unit.kernel[axis], input) - max(start, 0)
      }
    }
    productsInside =
      channels * inside(0, from.t, to.t) * inside(1, from.h, to.h) * inside(2, from.w, to.w)
    directions = unit.isFirst ? [.forward, .backwardWeights] : Direction.allCases
    let isHalf = precision == .bf16
    input = Self.operand(clips * unit.inputChannels * from.positions, 1, isHalf: isHalf)
    output = Self.operand(clips * unit.outputChannels * to.positions, 2, isHalf: isHalf)
    weights = Self.operand(
      unit.outputChannels * unit.inputChannels * unit.kernel.reduce(1, *), 3, isHalf: false)
    forward = AlignedStorage(count: convolution.packedBytes(CK_FORWARD) / 4)
    backward = AlignedStorage(count: convolution.packedBytes(CK_BACKWARD_DATA) / 4)
    scratch = AlignedStorage(count: convolution.scratchBytes / 4 + 16)
    unsafe convolution.pack(CK_FORWARD, weights.base, into: forward.base)
    if !unit.isFirst {
      unsafe convolution.pack(CK_BACKWARD_DATA, weights.base, into: backward.base)
    }
  }

  /// What computes a direction.
  public func implementation(_ direction: Direction) -> String {
    convolution.implementation(direction.direction)
  }

  /// Computes a direction once, on this thread.
  public func run(_ direction: Direction) {
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

  /// Packed weights, or the weights themselves where the primitive reads those.
  private func packed(_ storage: AlignedStorage) -> UnsafePointer<Float> {
    unsafe UnsafePointer(storage.count == 0 ? weights.base : storage.base)
  }

  /// Random numbers of small variance: results of a pass are the next one's operands.
  private static func operand(_ count: Int, _ sample: Int, isHalf: Bool) -> AlignedStorage {
    var random = RandomStream(seed: 0, purpose: .test, sample: sample)
    let values = random.normals(count, deviation: 0.01)
    let floats = AlignedStorage(count: count)
    floats.assign(values)
    guard isHalf else { return floats }
    let halves = AlignedStorage(count: (count + 1) / 2)
    unsafe ck_to_bf16(
      floats.base, Int64(count),
      UnsafeMutableRawPointer(halves.base).assumingMemoryBound(to: UInt16.self))
    return halves
  }
}
