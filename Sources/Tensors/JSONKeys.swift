import Foundation

/// A look at the keys of a JSON text, which Foundation's decoder silently merges.
enum JSONKeys {
  /// The first key that an object names twice; nil if there is none.
  ///
  /// Meant for text that is then parsed: on text that is no JSON the answer means nothing.
  static func repeated(in text: Data) -> String? {
    /// The keys seen in each open object; arrays hold an empty place.
    var open: [Set<String>] = []
    var position = text.startIndex
    while position < text.endIndex {
      switch text[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): open.append([])
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
      case UInt8(ascii: "\""):
        let end = endOfString(in: text, from: position)
        if isKey(in: text, after: end), !open.isEmpty {
          let key = decoded(text[position..<end])
          guard open[open.count - 1].insert(key).inserted else { return key }
        }
        position = end
        continue
      default: break
      }
      position += 1
    }
    return nil
  }

  /// The place behind the closing quote.
  private static func endOfString(in text: Data, from start: Int) -> Int {
    var position = start + 1
    while position < text.endIndex, text[position] != UInt8(ascii: "\"") {
      position += text[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(position + 1, text.endIndex)
  }

  private static func isKey(in text: Data, after end: Int) -> Bool {
    text[end...].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d }
      == UInt8(ascii: ":")
  }

  private static func decoded(_ literal: Data) -> String {
    if literal.contains(UInt8(ascii: "\\")),
      let text = try? JSONDecoder().decode(String.self, from: literal)
    {
      return text
    }
    return String(decoding: literal.dropFirst().dropLast(), as: UTF8.self)
  }
}
