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

/// The oneDNN primitives of one convolution for N clips, on one lane.
@safe
final class Convolution3D {
  private let handle: OpaquePointer
  private let name: String

  /// Creates the primitives; `isTraining` adds the two backward directions.
  init(
    _ unit: ConvolutionUnit, clips: Int, precision: Precision, isTraining: Bool
  ) throws(ModelError) {
    func triple(_ values: [Int]) -> (Int32, Int32, Int32) {
      (Int32(values[0]), Int32(values[1]), Int32(values[2]))
    }
    var shape = ck_convolution_shape(
      n: Int32(clips), c: Int32(unit.inputChannels), t: Int32(unit.input.t),
      h: Int32(unit.input.h), w: Int32(unit.input.w), o: Int32(unit.outputChannels),
      kernel: triple(unit.kernel), stride: triple(unit.stride), padding: triple(unit.padding),
      type: precision.type, is_first: unit.isFirst ? 1 : 0, is_training: isTraining ? 1 : 0)
    var why = ck_message()
    guard let handle = unsafe ck_convolution_create(&shape, &why) else {
      throw ModelError("\(unit.name): \(why.string)")
    }
    unsafe self.handle = handle
    name = unit.name
  }

  deinit { unsafe ck_convolution_destroy(handle) }

  var scratchBytes: Int { unsafe ck_convolution_scratch_bytes(handle) }

  func packedBytes(_ direction: ck_direction) -> Int {
    unsafe ck_convolution_packed_bytes(handle, direction)
  }

  /// The name oneDNN gives the code that runs a direction.
  func implementation(_ direction: ck_direction) -> String {
    unsafe String(cString: ck_convolution_implementation(handle, direction))
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
    unsafe check(ck_convolution_backward_weights(handle, source, gradient, weights, scratch))
  }

  /// oneDNN checks its operands when it is created; a failure while it runs is a mistake of ours.
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
