// `unsafe` is sound here because the handle lives as long as this object, and every operand comes
// from an arena that was sized from the same shape.
internal import CKernels

/// Compute precision of convolutions and activations; weights and statistics are always fp32.
public enum Precision: String, Codable, Sendable, CaseIterable {
  /// 32-bit floats.
  case fp32
  /// Brain floats, 16 bits; products are summed in 32 bits.
  case bf16

  var type: ck_type { self == .fp32 ? CK_F32 : CK_BF16 }
  /// Bytes of an activation.
  var width: Int { self == .fp32 ? 4 : 2 }
  /// Whether this CPU computes in this precision natively.
  public var isSupported: Bool { self == .fp32 || ck_has_bf16() != 0 }
}

/// How convolutions are computed.
///
/// `f2`, `f4x2` and `f4` name a form of Winograd's method, F(2×2, 3×3), F(4×2, 3×3) or F(4×4, 3×3).
/// It is used for 3×3×3 convolutions where a fixed rule in shape and instruction set expects it to be
/// faster than a direct method; strided ones take an F(2×2) in each. The choice changes bits, so it
/// belongs to a run and all its ranks.
public enum ConvolutionMethod: String, Codable, Sendable, CaseIterable {
  /// `f4` in fp32, `f4x2` in bf16.
  case auto
  /// Directly: by oneDNN, a first layer's weight gradient by our own code where oneDNN has none for AVX2.
  case direct
  /// 2.25 times fewer products. Off by 10⁻⁶ of the norm in fp32, 4·10⁻³ in bf16 (direct: 2·10⁻³).
  case f2
  /// 3 times fewer products. Off by 2·10⁻⁶ in fp32, 6·10⁻³ in bf16.
  case f4x2
  /// 4 times fewer products. Off by 3·10⁻⁶ in fp32; bf16 activations are transformed and multiplied
  /// in fp32, off by 2·10⁻³, and strided convolutions stay direct.
  case f4
  /// For every convolution and direction the fastest that was measured on this machine, of those above
  /// that are no less accurate than `auto` (`KernelTiming`).
  case timed

  /// The form that `auto` stands for; runs keep that name, so that a later rule changes none of them.
  public func named(in precision: Precision) -> ConvolutionMethod {
    guard self == .auto else { return self }
    return precision == .fp32 ? .f4 : .f4x2
  }

  fileprivate func method(in precision: Precision) -> ck_method {
    switch named(in: precision) {
    case .auto, .timed: preconditionFailure("\(rawValue) stands for methods, and is none itself")
    case .direct: CK_DIRECT
    case .f2: CK_F2
    case .f4x2: CK_F4X2
    case .f4: CK_F4
    }
  }
}

/// Where Winograd's method is used, in which blocks, and on which instruction set; tests ask for more
/// than `usual`.
struct ConvolutionReach {
  /// Where it is faster, on the best instruction set of the CPU.
  static let usual = ConvolutionReach()
  /// Also where it is slower.
  var isEverywhere = false
  /// AVX2 even if the CPU has AVX-512.
  var isNarrow = false
  /// The tiles that are transformed before they are multiplied; 0 takes as many as are fastest.
  var blockTiles = 0
}

/// The primitives of one convolution for N clips, on one lane.
@safe
final class Convolution3D {
  private let handle: OpaquePointer
  private let name: String
  /// Backward weights in fp32, and the elements of source and destination that are widened for it.
  private let wide: (convolution: Convolution3D, sourceCount: Int, destinationCount: Int)?

  /// Creates the primitives; `isTraining` adds the two backward directions.
  ///
  /// - Throws: where oneDNN refuses, or this CPU does not compute what was measured on another.
  init(
    _ unit: ConvolutionUnit, clips: Int, precision: Precision, choice: ConvolutionChoice,
    reach: ConvolutionReach = .usual, isTraining: Bool
  ) throws(ModelError) {
    guard precision.isSupported else {
      throw ModelError(
        "precision \(precision.rawValue) needs a CPU with avx512_bf16; this one has "
          + Machine.instructionSet)
    }
    func triple(_ values: [Int]) -> (Int32, Int32, Int32) {
      (Int32(values[0]), Int32(values[1]), Int32(values[2]))
    }
    var shape = ck_convolution_shape(
      n: Int32(clips), c: Int32(unit.inputChannels), t: Int32(unit.input.t),
      h: Int32(unit.input.h), w: Int32(unit.input.w), o: Int32(unit.outputChannels),
      kernel: triple(unit.kernel), stride: triple(unit.stride), padding: triple(unit.padding),
      type: precision.type,
      methods: (
        choice.forward.method(in: precision), choice.backwardData.method(in: precision),
        choice.backwardWeights.method(in: precision)
      ),
      is_everywhere: reach.isEverywhere || choice.isMeasured ? 1 : 0,
      is_narrow: reach.isNarrow ? 1 : 0, block_tiles: Int32(reach.blockTiles),
      is_first: unit.isFirst ? 1 : 0,
      is_training: isTraining ? 1 : 0)
    var why = ck_message()
    guard let handle = unsafe ck_convolution_create(&shape, &why) else {
      throw ModelError("\(unit.name): \(why.string)")
    }
    unsafe self.handle = handle
    name = unit.name
    wide =
      choice.hasWideWeights && isTraining
      ? (
        try Convolution3D(
          unit, clips: clips, precision: .fp32, choice: ConvolutionChoice(.direct),
          isTraining: true),
        clips * unit.input.positions * unit.inputChannels,
        clips * unit.output.positions * unit.outputChannels
      ) : nil
    for direction in unit.directions(training: isTraining) where choice.isMeasured {
      let method = choice[direction]
      guard method == .direct || implementation(direction.direction).hasPrefix("winograd") else {
        throw ModelError(
          "\(unit.name) \(direction.rawValue) was timed as \(method.rawValue) in "
            + "\(precision.rawValue), which this CPU cannot compute: it has "
            + "\(Machine.instructionSet)")
      }
    }
  }

  deinit { unsafe ck_convolution_destroy(handle) }

  /// The scratch memory that every execution needs, in bytes.
  var scratchBytes: Int {
    let own = unsafe ck_convolution_scratch_bytes(handle)
    guard let wide else { return own }
    let operands = Self.floats(wide.sourceCount) + Self.floats(wide.destinationCount)
    return max(own, 4 * operands + wide.convolution.scratchBytes)
  }

  func packedBytes(_ direction: ck_direction) -> Int {
    unsafe ck_convolution_packed_bytes(handle, direction)
  }

  /// What runs a direction: Winograd's method, or the name oneDNN gives its code.
  func implementation(_ direction: ck_direction) -> String {
    if direction == CK_BACKWARD_WEIGHTS, let wide {
      return wide.convolution.implementation(direction) + " in fp32"
    }
    return unsafe String(cString: ck_convolution_implementation(handle, direction))
  }

  func pack(
    _ direction: ck_direction, _ weights: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer
  ) {
    unsafe check(ck_convolution_pack(handle, direction, weights, packed))
  }

  func forward(
    _ source: UnsafeRawPointer, packed: UnsafeRawPointer, into destination: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    unsafe check(ck_convolution_forward(handle, source, packed, destination, scratch))
  }

  func backwardData(
    _ gradient: UnsafeRawPointer, packed: UnsafeRawPointer, into source: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    unsafe check(ck_convolution_backward_data(handle, gradient, packed, source, scratch))
  }

  func backwardWeights(
    _ source: UnsafeRawPointer, _ gradient: UnsafeRawPointer,
    into weights: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    guard let wide else {
      unsafe check(ck_convolution_backward_weights(handle, source, gradient, weights, scratch))
      return
    }
    let wideSource = unsafe scratch.assumingMemoryBound(to: Float.self)
    let wideGradient = unsafe wideSource + Self.floats(wide.sourceCount)
    unsafe ck_to_f32(
      source.assumingMemoryBound(to: UInt16.self), Int64(wide.sourceCount), wideSource)
    unsafe ck_to_f32(
      gradient.assumingMemoryBound(to: UInt16.self), Int64(wide.destinationCount), wideGradient)
    unsafe wide.convolution.backwardWeights(
      wideSource, wideGradient, into: weights,
      scratch: wideGradient + Self.floats(wide.destinationCount))
  }

  /// Floats of an operand in scratch, so that the next one is aligned.
  private static func floats(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// Operands are checked on creation; a failure while a primitive runs is a mistake of ours.
  private func check(_ status: Int32) {
    precondition(status == 0, "oneDNN status \(status) while running \(name)")
  }
}

extension ck_message {
  /// The text up to its final zero.
  var string: String {
    unsafe withUnsafeBytes(of: text) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
