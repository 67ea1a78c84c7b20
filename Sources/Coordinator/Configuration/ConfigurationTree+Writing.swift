extension ConfigurationTree {
  /// The settings as YAML, groups indented by two spaces, lists in one line.
  var yaml: String {
    guard case .map(let entries) = content else { return inline + "\n" }
    return entries.map { Self.lines($0, indent: "") }.joined()
  }

  private static func lines(_ entry: Entry, indent: String) -> String {
    guard case .map(let entries) = entry.value.content else {
      return "\(indent)\(entry.key): \(entry.value.inline)\n"
    }
    return "\(indent)\(entry.key):\n" + entries.map { lines($0, indent: indent + "  ") }.joined()
  }

  /// The settings whose values differ in another tree of the same type, as `labels.every: 1, not 7`.
  func differences(from other: ConfigurationTree, at path: [String] = []) -> [String] {
    guard case .map(let mine) = content, case .map(let theirs) = other.content else {
      if inline == other.inline { return [] }
      return ["\(path.joined(separator: ".")): \(inline), not \(other.inline)"]
    }
    return zip(mine, theirs).flatMap { $0.value.differences(from: $1.value, at: path + [$0.key]) }
  }

  private var inline: String {
    switch content {
    case .scalar(let text, isQuoted: false): text
    case .scalar(let text, isQuoted: true): Self.quoted(text)
    case .list(let values): "[" + values.map(\.inline).joined(separator: ", ") + "]"
    case .map(let entries):
      "{" + entries.map { "\($0.key): \($0.value.inline)" }.joined(separator: ", ") + "}"
    }
  }

  /// Plain where that is safe for every YAML reader, in double quotes elsewhere.
  private static func quoted(_ text: String) -> String {
    let isPlain =
      text.first?.isLetter == true
      && text.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-./:".unicodeScalars.contains($0))
      }
      && text.last != ":"
      && !["true", "false", "yes", "no", "on", "off", "y", "n", "null"].contains(text.lowercased())
    if isPlain { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case let control where control.value < 0x20 || control.value == 0x7f:
        let digits = String(control.value, radix: 16)
        result += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
