/// Turns default settings into a tree, in the order in which their type declares them.
///
/// Foundation's encoders lose that order, and Yams rounds floats to fewer digits than they have.
/// Optional settings are not supported: every setting has a default.
struct ConfigurationEncoder: Encoder {
  private let place: Place
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  static func tree(of value: some Encodable) throws -> ConfigurationTree {
    let place = Place()
    try place.encode(value)
    return place.tree
  }

  fileprivate init(_ place: Place) { self.place = place }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    place.beginMap()
    return KeyedEncodingContainer(Keyed<Key>(place: place))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    place.beginList()
    return Unkeyed(place: place)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(place: place) }
}

extension ConfigurationEncoder {
  /// A place of the tree that is being built; containers of one value share it.
  fileprivate final class Place {
    private var scalar: (text: String, isQuoted: Bool) = ("", false)
    private var entries: [(key: String, place: Place)]?
    private var values: [Place]?

    var tree: ConfigurationTree {
      if let entries {
        return ConfigurationTree(
          .map(entries.map { .init(key: $0.key, value: $0.place.tree, origin: nil) }))
      }
      if let values { return ConfigurationTree(.list(values.map(\.tree))) }
      return ConfigurationTree(.scalar(scalar.text, isQuoted: scalar.isQuoted))
    }

    var count: Int { values?.count ?? 0 }
    func beginMap() { if entries == nil { entries = [] } }
    func beginList() { if values == nil { values = [] } }

    func place(for key: String) -> Place {
      let place = Place()
      entries = (entries ?? []) + [(key, place)]
      return place
    }

    func nextPlace() -> Place {
      let place = Place()
      values = (values ?? []) + [place]
      return place
    }

    func encode(_ value: some Encodable) throws {
      switch value {
      case let text as String: scalar = (text, true)
      case let flag as Bool: scalar = (flag ? "true" : "false", false)
      case let number as any BinaryInteger: scalar = ("\(number)", false)
      case let number as any BinaryFloatingPoint: scalar = (Self.decimal("\(number)"), false)
      default: try value.encode(to: ConfigurationEncoder(self))
      }
    }

    /// The shortest digits that give the number back, with the point that YAML 1.1 asks for.
    private static func decimal(_ text: String) -> String {
      guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
      return text[..<exponent] + ".0" + text[exponent...]
    }
  }

  private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: Place
    let codingPath: [any CodingKey] = []

    func encodeNil(forKey key: Key) {}
    func encode(_ value: some Encodable, forKey key: Key) throws {
      try place.place(for: key.stringValue).encode(value)
    }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
      ConfigurationEncoder(place.place(for: key.stringValue)).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      ConfigurationEncoder(place.place(for: key.stringValue)).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { ConfigurationEncoder(place.place(for: "super")) }
    func superEncoder(forKey key: Key) -> any Encoder {
      ConfigurationEncoder(place.place(for: key.stringValue))
    }
  }

  private struct Unkeyed: UnkeyedEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey] = []
    var count: Int { place.count }

    func encodeNil() {}
    func encode(_ value: some Encodable) throws { try place.nextPlace().encode(value) }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
      ConfigurationEncoder(place.nextPlace()).container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      ConfigurationEncoder(place.nextPlace()).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { ConfigurationEncoder(place.nextPlace()) }
  }

  private struct Single: SingleValueEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey] = []

    func encodeNil() {}
    func encode(_ value: some Encodable) throws { try place.encode(value) }
  }
}
