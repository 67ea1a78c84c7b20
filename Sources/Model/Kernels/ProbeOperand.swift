// `unsafe` is sound here because every access is below the count that sized the storage.
internal import CKernels
internal import Tensors

/// Numbers that a kernel under test reads or writes, as the kernel holds them.
@safe
final class ProbeOperand {
  let count: Int
  let precision: Precision
  private let storage: AlignedStorage
  /// The numbers that the elements were given, over and over.
  private var pattern: [Float] = []

  init(_ count: Int, _ precision: Precision = .fp32) {
    (self.count, self.precision) = (count, precision)
    storage = AlignedStorage(count: (count * precision.width + 3) / 4)
  }

  var raw: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(storage.base) }
  var floats: UnsafeMutablePointer<Float> { unsafe storage.base }
  var bytes: UnsafeMutablePointer<UInt8> { unsafe raw.assumingMemoryBound(to: UInt8.self) }
  private var halves: UnsafeMutablePointer<UInt16> {
    unsafe raw.assumingMemoryBound(to: UInt16.self)
  }

  subscript(index: Int) -> Double {
    guard precision == .bf16 else { return unsafe Double(storage.base[index]) }
    return unsafe Double(Float(bitPattern: UInt32(halves[index]) << 16))
  }

  /// Gives every element a random number.
  ///
  /// They repeat after a prime number of elements, another for each sample: products of two operands
  /// never repeat together, which would make all errors of a sum point one way.
  ///
  /// - Parameters:
  ///   - sample: 0 to 3.
  ///   - isRectified: 0 stands for negative numbers.
  func fill(_ sample: Int, mean: Float = 0, deviation: Double = 1, isRectified: Bool = false) {
    var random = RandomStream(seed: 0, purpose: .test, sample: sample)
    pattern = random.normals([8167, 8191, 8179, 8171][sample], deviation: deviation)
      .map { precision.rounded(isRectified ? max(0, $0 + mean) : $0 + mean) }
    unsafe pattern.withUnsafeBufferPointer { values in
      guard let first = values.baseAddress else { return }
      for start in stride(from: 0, to: count, by: values.count) {
        let part = min(values.count, count - start)
        if precision == .fp32 {
          unsafe (storage.base + start).update(from: first, count: part)
        } else {
          unsafe ck_to_bf16(first, Int64(part), halves + start)
        }
      }
    }
  }

  /// The number that an element was given, whatever was written since.
  func given(_ index: Int) -> Float { pattern[index % pattern.count] }

  /// Gives every element bits that are no number.
  func forget() {
    unsafe raw.initializeMemory(as: UInt8.self, repeating: 0xff, count: 4 * storage.count)
  }
}

extension Precision {
  /// The nearest number of this precision, ties to even.
  func rounded(_ value: Float) -> Float {
    guard self == .bf16 else { return value }
    let bits = value.bitPattern
    return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
  }
}

/// Some of the numbers below `count`: all where they are few, otherwise the first, the last and others
/// at random, in order.
func sampled(_ count: Int, most: Int) -> [Int] {
  guard count > most else { return Array(0..<count) }
  var random = RandomStream(seed: 1, purpose: .test)
  let ends = Array(0..<most / 4) + Array(count - most / 4..<count)
  return Set(ends + (0..<most / 2).map { _ in random.integer(below: count) }).sorted()
}
