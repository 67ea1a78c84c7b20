import Foundation
import Testing

@testable import Tensors

@Suite struct SafeTensorsTests {
  private static let some = SafeTensors(
    [
      .init("queue", shape: [3], values: .integers([1, -2, .max])),
      .init("head.weight", shape: [2, 3], values: .floats([1, 2, 3, 4, 5, 6.5])),
      .init("empty", shape: [0, 4], values: .floats([])),
      .init("scale", shape: [], values: .floats([0.25])),
    ], metadata: ["format": "kindreel", "quote": "a \"b\" ü\n"])

  private static func file(_ header: String, values: Int) -> Data {
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    return Data(length) + Data(header.utf8) + Data(count: values)
  }

  @Test func `Tensors and metadata survive a round trip`() throws {
    let directory = try TemporaryDirectory()
    try Self.some.write(to: directory.file("x.safetensors"))
    let read = try SafeTensors(reading: directory.file("x.safetensors"))
    #expect(read.metadata == Self.some.metadata)
    #expect(read.entries.count == Self.some.entries.count)
    for entry in Self.some.entries { #expect(read[entry.name] == entry) }
    #expect(read.floats("scale") == [0.25])
    #expect(read.integers("queue") == [1, -2, .max])
    #expect(read.floats("queue") == nil && read.integers("absent") == nil)
  }

  @Test func `The same tensors give the same bytes in any order`() throws {
    let directory = try TemporaryDirectory()
    try Self.some.write(to: directory.file("a"))
    try SafeTensors(Self.some.entries.reversed(), metadata: Self.some.metadata)
      .write(to: directory.file("b"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: directory.file("a")))
    #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: directory.file("b"))))
    #expect(bytes[0] % 8 == 0)
    try SafeTensors([]).write(to: directory.file("none"))
    #expect(try SafeTensors(reading: directory.file("none")).entries.isEmpty)
  }

  @Test func `Narrow and unsigned integers are widened`() throws {
    let directory = try TemporaryDirectory()
    let header =
      #"{"i":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"#
      + #""u":{"dtype":"U64","shape":[1],"data_offsets":[4,12]}}"#
    var bytes = Self.file(header, values: 12)
    bytes.replaceSubrange(bytes.count - 12..<bytes.count - 8, with: [0xfe, 0xff, 0xff, 0xff])
    bytes[bytes.count - 8] = 9
    let read = try SafeTensors(reading: try directory.file("x", holding: bytes))
    #expect(read.integers("i") == [-2])
    #expect(read.integers("u") == [9])
    bytes[bytes.count - 1] = 0x80
    let large = try directory.file("y", holding: bytes)
    #expect(throws: FileError.self) { try SafeTensors(reading: large) }
  }

  @Test func `Floats of other widths become 32-bit floats`() throws {
    let directory = try TemporaryDirectory()
    let header =
      #"{"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},"#
      + #""d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"#
      + #""h":{"dtype":"F16","shape":[2],"data_offsets":[12,16]}}"#
    var bytes = Self.file(header, values: 0)
    bytes.append(contentsOf: [0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f])  // 0.1
    bytes.append(contentsOf: [0xc0, 0x3f, 0x80, 0xff])  // 1.5, -infinity
    bytes.append(contentsOf: [0x01, 0x00, 0x00, 0xc0])  // 2⁻²⁴, -2
    let read = try SafeTensors(reading: try directory.file("x", holding: bytes))
    #expect(read.floats("d") == [0.1])
    #expect(read.floats("b") == [1.5, -.infinity])
    #expect(read.floats("h") == [0x1p-24, -2])
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "cannot lie"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "names 4"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "end at 0"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,-4]}}"#, 0, "end at 0"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "end at 0"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "impossible shape"),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
      "impossible shape"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "end at 4"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "'a' twice"
    ),
    (#"{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}"#, 4, "twice"),
    (#"{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}"#, 4, "type F8_E4M3"),
    (#"{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,4]}}"#, 4, "cannot lie"),
    (#"{"a":{"dtype":"F32","shape":[1e30],"data_offsets":[0,4]}}"#, 4, "cannot be read"),
    (#"{"__metadata__":{"a":1}}"#, 0, "cannot be read"),
    (#"["a"]"#, 0, "cannot be read"),
    ("", 0, "cannot be read"),
  ])
  func `A header that does not fit its values is refused`(
    header: String, values: Int, reason: String
  ) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file("x", holding: Self.file(header, values: values))
    let error = #expect(throws: FileError.self) { try SafeTensors(reading: path) }
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
  }

  @Test func `A header longer than its file or the cap is refused`() throws {
    let directory = try TemporaryDirectory()
    for length: [UInt8] in [
      [9, 0, 0, 0, 0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [1, 2, 3],
    ] {
      let path = try directory.file("x", holding: Data(length) + Data("{}".utf8))
      #expect(throws: FileError.self) { try SafeTensors(reading: path) }
    }
  }

  @Test func `Deep nesting does not overflow the stack`() throws {
    let directory = try TemporaryDirectory()
    let header = String(repeating: "[", count: 1 << 20)
    let path = try directory.file("x", holding: Self.file(header, values: 0))
    #expect(throws: FileError.self) { try SafeTensors(reading: path) }
  }
}
