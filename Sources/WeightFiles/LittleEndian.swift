/// Numbers written with their lowest byte first, and never a byte outside the array.
struct LittleEndian {
  let bytes: ArraySlice<UInt8>

  /// The number of `count` bytes, 8 at most, at an offset from the slice's start; nil outside.
  func number(_ offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
    let start = bytes.startIndex + offset
    return bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The same as an `Int`; nil outside, and for what no `Int` can hold.
  func int(_ offset: Int, _ count: Int) -> Int? {
    number(offset, count).flatMap { Int(exactly: $0) }
  }
}
