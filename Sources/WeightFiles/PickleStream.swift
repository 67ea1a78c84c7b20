import Tensors

/// The bytes of one pickle or several, read from the start; no read goes past their end.
struct PickleStream {
  /// The file, for messages.
  let path: String
  let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// An error at the current opcode.
  func refusal(_ what: String, at place: Int) -> FileError {
    FileError(path, "\(what), at byte \(place) of its pickle")
  }

  mutating func byte() throws(FileError) -> UInt8 { try take(1)[position - 1] }

  mutating func number(_ count: Int) throws(FileError) -> UInt64 {
    LittleEndian(bytes: try take(count)).number(0, count) ?? 0
  }

  /// The next `count` bytes as text.
  mutating func text(_ count: Int) throws(FileError) -> String {
    String(decoding: try take(count), as: UTF8.self)
  }

  /// The text up to the next line end, which is passed over; names of modules are short.
  mutating func line() throws(FileError) -> String {
    let start = position
    guard
      let end = bytes[start..<min(start + Self.longestLine, bytes.count)].firstIndex(
        of: UInt8(ascii: "\n"))
    else { throw refusal("has a name without an end", at: start) }
    position = end + 1
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private static let longestLine = 256

  /// The next `count` bytes.
  mutating func take(_ count: Int) throws(FileError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else {
      throw FileError(
        path,
        "ends too early: its pickle wants \(count) bytes at byte \(position), and has "
          + "\(bytes.count - position)")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// The next bytes, their count written before them in `width` bytes.
  mutating func counted(_ width: Int) throws(FileError) -> ArraySlice<UInt8> {
    let count = try number(width)
    return try take(Int(clamping: count))
  }
}
