import Testing

@testable import WeightFiles

@Suite struct CRC32Tests {
  /// The check value of every catalogue of CRCs, and lengths around the eight bytes of a step.
  @Test func `Checksums are those of zip files`() {
    #expect(CRC32.of(Array("123456789".utf8)) == 0xcbf4_3926)
    #expect(CRC32.of([]) == 0)
    for length in 0..<40 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: 37 * $0 + 11) }
      var expected: UInt32 = 0xffff_ffff
      for byte in bytes {
        expected ^= UInt32(byte)
        for _ in 0..<8 {
          expected = expected & 1 == 1 ? expected >> 1 ^ 0xedb8_8320 : expected >> 1
        }
      }
      #expect(CRC32.of(bytes) == ~expected)
    }
  }
}
