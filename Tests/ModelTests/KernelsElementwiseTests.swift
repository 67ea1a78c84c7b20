// `unsafe` is sound here because every operand has as many elements as the kernel is told.
import CKernels
import Testing

@testable import Model

@Suite("Element-wise kernels")
struct KernelsElementwiseTests {
  @Test("add with one rounding", arguments: ck_type.both)
  func add(_ type: ck_type) {
    let (x, y) = (normals(160, seed: 1, as: type), normals(160, seed: 2, as: type))
    let (source, target) = (Operand(x, type), Operand(y, type))
    unsafe ck_add(type, source.raw, 160, target.raw)
    #expect(target.values == zip(x, y).map { type.nearest($0 + $1) } && target.isGuarded)
  }

  @Test("round to bf16 to the nearest, ties to even, for every exponent and every kind of rest")
  func rounding() {
    let rests: [UInt32] = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff]
    let values = (0...UInt32(0xffff)).flatMap { high in
      rests.map { Float(bitPattern: high << 16 | $0) }
    }
    let rounded = roundedBits(values)
    for (index, value) in values.enumerated() {
      let result = Float(bitPattern: UInt32(rounded[index]) << 16)
      if value.isNaN {
        if !result.isNaN { Issue.record("NaN \(value.bitPattern) became \(result)") }
      } else if result != CK_BF16.nearest(value) || result.sign != value.sign {
        Issue.record("\(value) became \(result), not \(CK_BF16.nearest(value))")
      }
    }
  }

  @Test("keep the named corner cases of bf16")
  func corners() {
    // 1 + 2⁻⁸ lies between 1 and 1 + 2⁻⁷, 1 + 3·2⁻⁸ between odd and even.
    let values: [Float] = [
      1.00390625, 1.01171875, .infinity, -.infinity, -0.0, .greatestFiniteMagnitude,
      Float(bitPattern: 0x7f80_0001),
    ]
    let bits = roundedBits(values)
    #expect(bits.prefix(6) == [0x3f80, 0x3f82, 0x7f80, 0xff80, 0x8000, 0x7f80])
    #expect(bits[6] & 0x7fff > 0x7f80, "a NaN whose upper half is infinity stays NaN")
  }

  @Test("round any count, and write nothing behind it", arguments: [0, 1, 15, 16, 17, 31, 33])
  func tails(_ count: Int) {
    let values = normals(count, seed: count)
    let result = Operand(unwritten: count, CK_BF16)
    let source = Operand(values)
    unsafe ck_to_bf16(
      source.floats, Int64(count), result.raw.assumingMemoryBound(to: UInt16.self))
    #expect(result.values == values.map { CK_BF16.nearest($0) } && result.isGuarded)
  }

  private func roundedBits(_ values: [Float]) -> [UInt16] {
    let (source, result) = (Operand(values), Operand(unwritten: values.count, CK_BF16))
    let target = unsafe result.raw.assumingMemoryBound(to: UInt16.self)
    unsafe ck_to_bf16(source.floats, Int64(values.count), target)
    return (0..<values.count).map { unsafe target[$0] }
  }
}
