/// Gives the settings of a tree their types; errors name the origin, the dotted key and the value.
struct ConfigurationDecoder: Decoder {
  fileprivate let tree: ConfigurationTree
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]

  /// Decodes a whole tree.
  ///
  /// - Throws: `ConfigurationError`.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from tree: ConfigurationTree
  ) throws -> Value {
    try ConfigurationDecoder(tree: tree, codingPath: []).decode(type)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .map(let entries) = tree.content else { throw expected("a group of settings") }
    return KeyedDecodingContainer(Keyed<Key>(decoder: self, entries: entries))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .list(let values) = tree.content else { throw expected("a list") }
    return Unkeyed(decoder: self, values: values)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }
}

extension ConfigurationDecoder {
  fileprivate func at(_ key: any CodingKey, _ tree: ConfigurationTree) -> ConfigurationDecoder {
    ConfigurationDecoder(tree: tree, codingPath: codingPath + [key])
  }

  private var key: String {
    var text = ""
    for key in codingPath {
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += (text.isEmpty ? "" : ".") + key.stringValue
      }
    }
    return text
  }

  private func expected(_ what: String) -> ConfigurationError {
    ConfigurationError(origin: tree.origin, key: key, "expected \(what), got \(tree.summary)")
  }

  fileprivate func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if let scalar = try scalar(as: type) { return scalar }
    do {
      return try Value(from: self)
    } catch let error as DecodingError {
      throw refused(error, type)
    }
  }

  /// Text, Boolean or number; nil for types that decode themselves.
  private func scalar<Value>(as type: Value.Type) throws -> Value? {
    switch type {
    case is String.Type:
      guard case .scalar(let text, _) = tree.content else { throw expected("a text") }
      return text as? Value
    case is Bool.Type:
      switch plain {
      case "true"?: return true as? Value
      case "false"?: return false as? Value
      default: throw expected("true or false")
      }
    case let integer as any FixedWidthInteger.Type:
      guard let number = plain.flatMap({ integer.init($0, radix: 10) }) else {
        throw expected(integer.isSigned ? "an integer" : "an integer of at least 0")
      }
      return number as? Value
    case let float as any LosslessFloat.Type:
      guard let number = plain.flatMap({ float.finite($0) }) else { throw expected("a number") }
      return number as? Value
    default: return nil
    }
  }

  private var plain: String? {
    guard case .scalar(let text, isQuoted: false) = tree.content else { return nil }
    return text
  }

  /// The error of a type that decodes itself, with the values that an enumeration knows.
  private func refused(_ error: DecodingError, _ type: Any.Type) -> ConfigurationError {
    if let choice = type as? any (CaseIterable & RawRepresentable).Type {
      return expected(Self.names(of: choice))
    }
    switch error {
    case .dataCorrupted(let context), .typeMismatch(_, let context),
      .valueNotFound(_, let context), .keyNotFound(_, let context):
      return ConfigurationError(origin: tree.origin, key: key, context.debugDescription)
    @unknown default: return ConfigurationError(origin: tree.origin, key: key, "\(error)")
    }
  }

  private static func names<Choice: CaseIterable & RawRepresentable>(
    of type: Choice.Type
  ) -> String {
    Choice.allCases.map { "\($0.rawValue)" }.joined(separator: " or ")
  }
}

/// The two float types, read without passing through each other.
private protocol LosslessFloat { static func finite(_ text: String) -> Self? }

extension LosslessFloat where Self: LosslessStringConvertible & BinaryFloatingPoint {
  static func finite(_ text: String) -> Self? { Self(text).flatMap { $0.isFinite ? $0 : nil } }
}

extension Float: LosslessFloat {}
extension Double: LosslessFloat {}

extension ConfigurationDecoder {
  private struct Index: CodingKey {
    let intValue: Int?
    var stringValue: String { "\(intValue ?? 0)" }
    init(intValue: Int) { self.intValue = intValue }
    init?(stringValue: String) { nil }
  }

  private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ConfigurationDecoder
    let entries: [ConfigurationTree.Entry]
    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { entries.compactMap { Key(stringValue: $0.key) } }

    private func place(of key: any CodingKey) throws -> ConfigurationDecoder {
      guard let entry = entries.first(where: { $0.key == key.stringValue }) else {
        throw ConfigurationError(origin: decoder.tree.origin, key: key.stringValue, "is missing")
      }
      return decoder.at(key, entry.value)
    }
    func contains(_ key: Key) -> Bool { entries.contains { $0.key == key.stringValue } }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
      try place(of: key).decode(type)
    }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try place(of: key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try place(of: key).unkeyedContainer()
    }
    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try place(of: key) }
  }

  private struct Unkeyed: UnkeyedDecodingContainer {
    let decoder: ConfigurationDecoder
    let values: [ConfigurationTree]
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { values.count }
    var isAtEnd: Bool { currentIndex >= values.count }

    init(decoder: ConfigurationDecoder, values: [ConfigurationTree]) {
      self.decoder = decoder
      self.values = values
    }

    private mutating func next() throws -> ConfigurationDecoder {
      guard !isAtEnd else { throw decoder.expected("a value \(currentIndex + 1)") }
      defer { currentIndex += 1 }
      return decoder.at(Index(intValue: currentIndex), values[currentIndex])
    }
    mutating func decodeNil() -> Bool { false }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try next().decode(type)
    }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      try next().unkeyedContainer()
    }
    mutating func superDecoder() throws -> any Decoder { try next() }
  }

  private struct Single: SingleValueDecodingContainer {
    let decoder: ConfigurationDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { false }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try decoder.decode(type)
    }
  }
}
