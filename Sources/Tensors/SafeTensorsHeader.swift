import Foundation

/// The JSON header of a safetensors file, checked against the file's size.
struct SafeTensorsHeader {
  /// The element types that we read, by the format's name.
  enum Element: String, Codable {
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float32 = "F32"
    case float64 = "F64"
    case int32 = "I32"
    case int64 = "I64"
    case uint64 = "U64"

    var size: Int {
      switch self {
      case .float16, .bfloat16: 2
      case .float32, .int32: 4
      case .float64, .int64, .uint64: 8
      }
    }
  }

  /// Where a tensor lies in the file.
  struct Tensor {
    let name: String
    let element: Element
    let shape: [Int]
    let count: Int
  }

  /// The tensors in the order of their values.
  let tensors: [Tensor]
  let metadata: [String: String]

  /// A header of all the tensors of the largest encoders takes some hundred kilobytes.
  private static let longest = 4 << 20

  /// Reads and checks the header, and leaves the file at the first value.
  init(from file: inout FileReader) throws(FileError) {
    let path = file.path
    guard file.remaining >= 8 else {
      throw FileError(path, "is no safetensors file: it is \(file.remaining) bytes long")
    }
    let length = UInt64(littleEndian: try file.next(1, of: UInt64.self)[0])
    guard length <= UInt64(min(Self.longest, file.remaining)) else {
      throw FileError(
        path,
        "is no safetensors file: its header would be \(length) bytes long, of \(file.position + file.remaining) "
          + "bytes (\(Self.longest) at most)")
    }
    let bytes = Data(try file.next(Int(length), of: UInt8.self))
    if let name = JSONKeys.repeated(in: bytes) {
      throw FileError(path, "names '\(name)' twice in its header")
    }
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: bytes)
    } catch {
      throw FileError(path, "has a header that cannot be read: \(error)")
    }
    metadata = header.metadata
    var position = 0
    var tensors: [Tensor] = []
    for (name, span) in header.spans.sorted(by: { $0.value.order(before: $1.value) }) {
      let tensor = try Self.tensor(name, span, from: position, in: path)
      position = span.data_offsets[1]
      tensors.append(tensor)
    }
    guard position == file.remaining else {
      throw FileError(
        path, "has \(file.remaining) bytes of values, but its header names \(position)")
    }
    self.tensors = tensors
  }

  private static func tensor(
    _ name: String, _ span: Span, from position: Int, in path: String
  ) throws(FileError) -> Tensor {
    guard let element = Element(rawValue: span.dtype) else {
      throw FileError(
        path,
        "'\(name)' has elements of type \(span.dtype); F16, BF16, F32, F64, I32, I64 and U64 are known"
      )
    }
    guard span.data_offsets.count == 2, span.data_offsets[0] == position,
      span.data_offsets[1] >= position
    else {
      throw FileError(
        path, "'\(name)' lies at \(span.data_offsets), but the values before it end at \(position)")
    }
    var count = 1
    for extent in span.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else {
        throw FileError(path, "'\(name)' has the impossible shape \(span.shape)")
      }
      count = product
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: element.size)
    guard !overflow, bytes == span.data_offsets[1] - position else {
      throw FileError(
        path,
        "'\(name)' of shape \(span.shape) and type \(span.dtype) cannot lie at \(span.data_offsets)"
      )
    }
    return Tensor(name: name, element: element, shape: span.shape, count: count)
  }

  /// The length and the header of tensors that follow each other, padded to eight bytes.
  static func bytes(
    of entries: [SafeTensors.Entry], metadata: [String: String]
  ) throws -> Data {
    var header = Header(spans: [:], metadata: metadata)
    var position = 0
    for entry in entries {
      let end = position + entry.values.count * entry.values.size
      header.spans[entry.name] = Span(
        dtype: (entry.values.size == 4 ? Element.float32 : Element.int64).rawValue,
        shape: entry.shape, data_offsets: [position, end])
      position = end
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = try encoder.encode(header)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return Data(length) + text
  }
}

extension SafeTensorsHeader {
  /// A tensor's line in the JSON header; the names are the format's.
  private struct Span: Codable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]

    /// Whether this tensor's values come first; empty tensors precede others at their place.
    func order(before other: Span) -> Bool {
      data_offsets.lexicographicallyPrecedes(other.data_offsets)
    }
  }

  /// The JSON header: spans by tensor name, and `__metadata__`.
  private struct Header: Codable {
    var spans: [String: Span]
    var metadata: [String: String]

    private struct Key: CodingKey {
      static let metadata = Key("__metadata__")
      let stringValue: String
      var intValue: Int? { nil }

      init(_ text: String) { stringValue = text }
      init?(stringValue: String) { self.init(stringValue) }
      init?(intValue: Int) { nil }
    }

    init(spans: [String: Span], metadata: [String: String]) {
      self.spans = spans
      self.metadata = metadata
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      metadata = try container.decodeIfPresent([String: String].self, forKey: .metadata) ?? [:]
      spans = [:]
      for key in container.allKeys where key.stringValue != Key.metadata.stringValue {
        spans[key.stringValue] = try container.decode(Span.self, forKey: key)
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      if !metadata.isEmpty { try container.encode(metadata, forKey: .metadata) }
      for (name, span) in spans { try container.encode(span, forKey: Key(name)) }
    }
  }
}
