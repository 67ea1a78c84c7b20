/// The checksum of zip files (polynomial 0xEDB88320, reflected; PKWARE's APPNOTE, section 4.4.7).
enum CRC32 {
  /// Tables for eight bytes at a time: entry i of table k is byte i followed by k zeros.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var rest = UInt32(byte)
      for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0xedb8_8320 : rest >> 1 }
      tables[byte] = rest
    }
    for index in 256..<tables.count {
      let shorter = tables[index - 256]
      tables[index] = tables[Int(shorter & 0xff)] ^ shorter >> 8
    }
    return tables
  }()

  static func of(_ bytes: [UInt8]) -> UInt32 {
    let (tables, bytes) = (tables.span, bytes.span)
    var rest: UInt32 = 0xffff_ffff
    var index = 0
    while index <= bytes.count - 8 {
      for place in 0..<4 { rest ^= UInt32(bytes[index + place]) << (8 * UInt32(place)) }
      var next: UInt32 = 0
      for place in 0..<4 {
        next ^= tables[(7 - place) * 256 + Int(rest >> (8 * UInt32(place)) & 0xff)]
        next ^= tables[(3 - place) * 256 + Int(bytes[index + 4 + place])]
      }
      rest = next
      index += 8
    }
    while index < bytes.count {
      rest = tables[Int((rest ^ UInt32(bytes[index])) & 0xff)] ^ rest >> 8
      index += 1
    }
    return ~rest
  }
}
