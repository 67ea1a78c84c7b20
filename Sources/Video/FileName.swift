/// Names of files as texts, without loss.
///
/// A name is bytes, and some are no UTF-8. Such bytes travel as private characters, U+10FE80 to
/// U+10FEFF, so that a path stays a `String`; a name that holds these characters itself is written
/// byte by byte. `escaped` is what people and tables see: one line of plain UTF-8.
enum FileName {
  private static let base: UInt32 = 0x10FE00
  private static let foreign: ClosedRange<UInt32> = base + 0x80...base + 0xFF

  /// A name's text.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if let text = plain(bytes[...]) { return text }
    var text = String.UnicodeScalarView()
    var place = 0
    while place < bytes.count {
      let length = (1...4).first {
        place + $0 <= bytes.count && plain(bytes[place..<place + $0]) != nil
      }
      if let length, let part = plain(bytes[place..<place + length]) {
        text.append(contentsOf: part.unicodeScalars)
      } else if let character = Unicode.Scalar(base + UInt32(bytes[place])) {
        text.append(character)
      }
      place += length ?? 1
    }
    return String(text)
  }

  /// The text of well-formed UTF-8 without private characters.
  private static func plain(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    return text.unicodeScalars.contains { foreign.contains($0.value) } ? nil : text
  }

  /// The bytes of a name's text.
  static func bytes(of text: String) -> [UInt8] {
    guard text.unicodeScalars.contains(where: { foreign.contains($0.value) }) else {
      return Array(text.utf8)
    }
    return text.unicodeScalars.flatMap { scalar in
      foreign.contains(scalar.value)
        ? [UInt8(scalar.value - base)] : Array(String(Character(scalar)).utf8)
    }
  }

  /// The name on one line: backslash, tab, line ends, control characters and bytes that are no UTF-8
  /// are written as in C.
  static func escaped(_ text: String) -> String {
    func isSpecial(_ value: UInt32) -> Bool {
      value < 0x20 || value == 0x5C || (0x7F...0x9F).contains(value)
        || value == 0x2028 || value == 0x2029 || foreign.contains(value)
    }
    guard text.unicodeScalars.contains(where: { isSpecial($0.value) }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\t": result += "\\t"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case _ where isSpecial(scalar.value):
        for byte in bytes(of: String(Character(scalar))) { result += "\\x" + hexadecimal(byte) }
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The name with every byte beyond ASCII written as in C: two names that differ look different.
  static func escapedToASCII(_ text: String) -> String {
    var result = ""
    for byte in escaped(text).utf8 {
      result += byte < 0x80 ? String(Unicode.Scalar(byte)) : "\\x" + hexadecimal(byte)
    }
    return result
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// The name behind an escaped one; nil where an escape is none.
  static func unescaped(_ text: some StringProtocol) -> String? {
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = self.bytes(of: String(text))[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
      case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
      case UInt8(ascii: "r"): bytes.append(UInt8(ascii: "\r"))
      case UInt8(ascii: "x"):
        guard rest.count >= 2,
          let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
      default: return nil
      }
    }
    return self.text(of: bytes)
  }
}
