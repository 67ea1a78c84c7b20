/// The Python dictionary literal of a NumPy header, in the one shape that NumPy writes.
struct NpyFields {
  private(set) var element: String?
  private(set) var isFortranOrder: Bool?
  private(set) var shape: [Int]?
  private var rest: Substring

  /// Reads a literal; nil if it is none, or has other keys.
  init?(_ text: String) {
    rest = text[...]
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = quoted(), take(":"), field(key) else { return nil }
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    guard rest.allSatisfy(\.isWhitespace) else { return nil }
  }

  private mutating func field(_ key: String) -> Bool {
    switch key {
    case "descr" where element == nil: element = quoted()
    case "fortran_order" where isFortranOrder == nil:
      isFortranOrder = take("True") ? true : take("False") ? false : nil
    case "shape" where shape == nil: shape = tuple()
    default: return false
    }
    return true
  }

  private mutating func skipSpaces() { rest = rest.drop(while: \.isWhitespace) }

  private mutating func take(_ token: String) -> Bool {
    skipSpaces()
    guard rest.hasPrefix(token) else { return false }
    rest = rest.dropFirst(token.count)
    return true
  }

  private mutating func quoted() -> String? {
    guard take("'") else { return nil }
    let text = rest.prefix { $0 != "'" }
    rest = rest.dropFirst(text.count)
    return take("'") ? String(text) : nil
  }

  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var extents: [Int] = []
    while !take(")") {
      skipSpaces()
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let extent = Int(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      extents.append(extent)
      if !take(",") {
        guard take(")") else { return nil }
        break
      }
    }
    return extents
  }
}
