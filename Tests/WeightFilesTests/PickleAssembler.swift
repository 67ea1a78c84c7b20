import Foundation

@testable import WeightFiles

/// Writes opcodes by hand, so that a test can say what no honest program would.
enum Assemble {
  static func little(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  static func text(_ text: String) -> [UInt8] {
    [UInt8(ascii: "X")] + little(text.utf8.count, 4) + Array(text.utf8)
  }

  /// LONG1 of eight bytes.
  static func int(_ number: Int) -> [UInt8] { [0x8a, 8] + little(number, 8) }

  static func tuple(_ items: [[UInt8]]) -> [UInt8] {
    [UInt8(ascii: "(")] + items.flatMap { $0 } + [UInt8(ascii: "t")]
  }

  static func ints(_ numbers: [Int]) -> [UInt8] { tuple(numbers.map(int)) }

  static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }

  static func call(_ module: String, _ name: String, _ arguments: [[UInt8]]) -> [UInt8] {
    global(module, name) + tuple(arguments) + [UInt8(ascii: "R")]
  }

  static func storage(_ kind: String, key: String, count: Int, _ rest: [[UInt8]] = []) -> [UInt8] {
    tuple(
      [text("storage"), global("torch", kind), text(key), text("cpu"), int(count)] + rest)
      + [UInt8(ascii: "Q")]
  }

  static func tensor(
    _ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]
  ) -> [UInt8] {
    call(
      "torch._utils", "_rebuild_tensor_v2",
      [storage, int(offset), ints(shape), ints(strides), [0x89], [UInt8(ascii: "N")]])
  }

  /// A dictionary of texts.
  static func dictionary(_ pairs: [(String, [UInt8])]) -> [UInt8] {
    Array("}(".utf8) + pairs.flatMap { text($0) + $1 } + [UInt8(ascii: "u")]
  }

  /// A file in the stream container.
  static func stream(
    _ object: [UInt8], keys: [String] = [], storages: [(count: Int, bytes: [UInt8])] = [],
    isLittle: Bool = true
  ) -> Data {
    let magic: [UInt8] = [
      0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]
    let system = dictionary([("little_endian", [isLittle ? 0x88 : 0x89])])
    let list = Array("](".utf8) + keys.flatMap(text) + [UInt8(ascii: "e")]
    var bytes = magic
    for pickle in [int(1001), system, object, list] { bytes += [0x80, 2] + pickle + [0x2e] }
    for storage in storages { bytes += little(storage.count, 8) + storage.bytes }
    return Data(bytes)
  }

  /// A zip file whose entries are stored, with checksums.
  static func zip(_ entries: [(name: String, bytes: [UInt8])]) -> Data {
    var (file, directory) = ([UInt8](), [UInt8]())
    for (name, bytes) in entries {
      let header = file.count
      let sizes =
        little(Int(CRC32.of(bytes)), 4) + little(bytes.count, 4) + little(bytes.count, 4)
        + little(name.utf8.count, 2) + little(0, 2)
      file += [0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 10) + sizes
      file += Array(name.utf8) + bytes
      directory += [0x50, 0x4b, 1, 2] + [UInt8](repeating: 0, count: 12) + sizes
      directory += [UInt8](repeating: 0, count: 10) + little(header, 4) + Array(name.utf8)
    }
    let end =
      [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + little(entries.count, 2) + little(entries.count, 2)
      + little(directory.count, 4) + little(file.count, 4) + [0, 0]
    return Data(file + directory + end)
  }
}
