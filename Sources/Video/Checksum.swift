// `unsafe` is sound here because words are loaded only where eight more bytes follow.

/// A quick checksum against cut, torn or rotten files, not against malice.
///
/// Four chains take turns with the words; each step is a bijection of the chain's state, so that no
/// change of a single word goes unseen. (The steps are those of FNV-1a, on words.)
enum Checksum {
  private static let prime: UInt64 = 0x0000_0100_0000_01b3
  private static let basis: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The checksum of some bytes; their number counts, too.
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var (a, b, c, d) = (basis, ~basis, basis &+ 1, ~basis &- 1)
    var place = 0
    while place + 32 <= bytes.count {
      unsafe a = step(a, bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      unsafe b = step(b, bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
      unsafe c = step(c, bytes.loadUnaligned(fromByteOffset: place + 16, as: UInt64.self))
      unsafe d = step(d, bytes.loadUnaligned(fromByteOffset: place + 24, as: UInt64.self))
      place += 32
    }
    while place < bytes.count {
      a = step(a, unsafe UInt64(bytes[place]))
      place += 1
    }
    return [b, c, d, UInt64(bytes.count)].reduce(a, step)
  }

  /// The checksum of an array.
  static func of(_ bytes: [UInt8]) -> UInt64 { unsafe bytes.withUnsafeBytes { unsafe of($0) } }

  @inline(__always)
  private static func step(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (sum ^ word) &* prime
    return mixed ^ mixed >> 32
  }
}
