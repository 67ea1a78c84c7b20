// `unsafe` is sound here because an operand's memory lives as long as the operand, and loops stay
// inside arrays that they sized themselves.
import CKernels
import Tensors
import Testing

@testable import Model

extension ck_type {
  /// Both element types that kernels know.
  static let both = [CK_F32, CK_BF16]

  /// The nearest value that an element of this type can hold.
  ///
  /// Written with arithmetic, where the kernels work on bits.
  func nearest(_ value: Float) -> Float {
    guard self == CK_BF16, value.isFinite, value != 0 else { return value }
    let exponent = max(Int(value.exponent), -126)
    let quantum = Double(sign: .plus, exponent: exponent - 7, significand: 1)
    return Float((Double(value) / quantum).rounded(.toNearestOrEven) * quantum)
  }
}

/// Numbers as a kernel holds them, in fp32 or bf16, with guards behind the last one.
@safe
struct Operand {
  let type: ck_type
  let count: Int
  private let storage: AlignedStorage
  private static let guardBytes = 64

  /// Holds the nearest values that the type has.
  init(_ values: [Float], _ type: ck_type = CK_F32) {
    self.init(unwritten: values.count, type)
    for (index, value) in values.enumerated() {
      if type == CK_F32 {
        unsafe raw.assumingMemoryBound(to: Float.self)[index] = value
      } else {
        let bits = UInt16(truncatingIfNeeded: type.nearest(value).bitPattern >> 16)
        unsafe raw.assumingMemoryBound(to: UInt16.self)[index] = bits
      }
    }
  }

  /// Holds NaN everywhere, so that a place that a kernel leaves out is seen.
  init(unwritten count: Int, _ type: ck_type = CK_F32) {
    self.type = type
    self.count = count
    let bytes = count * (type == CK_F32 ? 4 : 2)
    storage = AlignedStorage(count: (bytes + 3) / 4 + Self.guardBytes / 4)
    unsafe raw.initializeMemory(as: UInt8.self, repeating: 0xff, count: 4 * storage.count)
  }

  var raw: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(storage.base) }
  var floats: UnsafeMutablePointer<Float> { unsafe storage.base }

  /// The elements as floats.
  var values: [Float] {
    if type == CK_F32 { return unsafe Array(storage.buffer.prefix(count)) }
    return (0..<count).map { index in
      Float(bitPattern: UInt32(unsafe raw.assumingMemoryBound(to: UInt16.self)[index]) << 16)
    }
  }

  /// Whether no kernel wrote behind the last element.
  var isGuarded: Bool {
    let bytes = unsafe UnsafeRawBufferPointer(start: raw, count: 4 * storage.count)
    return unsafe bytes.dropFirst(count * (type == CK_F32 ? 4 : 2)).allSatisfy { $0 == 0xff }
  }
}

/// Normal numbers that a test can name.
func normals(_ count: Int, seed: Int, deviation: Double = 1, mean: Float = 0) -> [Float] {
  var random = RandomStream(seed: 11, purpose: .test, sample: seed)
  return random.normals(count, deviation: deviation).map { $0 + mean }
}

/// Normal numbers as an element of `type` holds them.
func normals(_ count: Int, seed: Int, as type: ck_type) -> [Float] {
  normals(count, seed: seed).map { type.nearest($0) }
}

/// The cosine of the angle between two vectors.
func cosine(_ one: some Sequence<Float>, _ other: some Sequence<Float>) -> Double {
  var (product, first, second) = (0.0, 0.0, 0.0)
  for (x, y) in zip(one, other) {
    product += Double(x) * Double(y)
    first += Double(x) * Double(x)
    second += Double(y) * Double(y)
  }
  return product / (first * second).squareRoot()
}
