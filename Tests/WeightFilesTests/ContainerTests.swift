import Foundation
import Tensors
import Testing

@testable import WeightFiles

@Suite struct ContainerTests {
  /// A network of one tensor of two floats under the key 0.
  private static let object = Assemble.dictionary([
    (
      "w",
      Assemble.tensor(
        Assemble.storage("FloatStorage", key: "0", count: 2), shape: [2], strides: [1])
    )
  ])
  private static let pickle = [0x80, 2] + object + [0x2e]
  private static let floats: [UInt8] = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]

  @Test func `The files of these tests are read where nothing is wrong`() throws {
    let stream = Assemble.stream(Self.object, keys: ["0"], storages: [(2, Self.floats)])
    let zip = Assemble.zip([("a/data.pkl", Self.pickle), ("a/data/0", Self.floats)])
    for bytes in [stream, zip] {
      let file = try TemporaryFile(bytes)
      #expect(
        try StateDict(reading: file.path).entries
          == [.init("w", shape: [2], values: .floats([1, -2]))])
    }
  }

  @Test func `A stream that contradicts itself is refused`() throws {
    let four: [UInt8] = [UInt8](repeating: 0, count: 4)
    for (bytes, reason) in [
      (Assemble.stream(Self.object, isLittle: false), "little-endian"),
      (Assemble.stream(Self.object), "lacks the storage '0'"),
      (Assemble.stream(Self.object, keys: ["1"], storages: [(2, Self.floats)]), "does not name"),
      (Assemble.stream(Self.object, keys: ["0", "0"], storages: [(2, Self.floats)]), "or twice"),
      (Assemble.stream(Self.object, keys: ["0"], storages: [(3, Self.floats)]), "of 2 elements"),
      (Assemble.stream(Self.object, keys: ["0"], storages: [(2, four)]), "of 2 elements"),
      (Assemble.stream(Self.object, keys: ["0"]), "ends before the storage"),
      (Assemble.stream(Self.object, keys: ["0"], storages: [(2, Self.floats + [1])]), "1 bytes"),
      (Assemble.stream(Assemble.int(3)), "holds an int"),
      (Assemble.stream(Assemble.dictionary([("epoch", Assemble.int(3))])), "keys are 'epoch'"),
    ] {
      let refusal = try TemporaryFile(bytes).refusal()
      #expect(refusal?.contains(reason) == true, "\(refusal ?? "read")")
    }
  }

  @Test func `Views make no more elements than the file has bytes`() throws {
    let view = Assemble.tensor(
      Assemble.storage("ByteStorage", key: "0", count: 1), shape: [1 << 20], strides: [0])
    let file = try TemporaryFile(
      Assemble.stream(Assemble.dictionary([("w", view)]), keys: ["0"], storages: [(1, [7])]))
    #expect(file.refusal()?.contains("more elements than bytes") == true)
  }

  @Test func `A zip file that contradicts itself is refused`() throws {
    let data = (name: "a/data/0", bytes: Self.floats)
    let pickle = (name: "a/data.pkl", bytes: Self.pickle)
    let whole = Assemble.zip([pickle, data])
    func changed(_ place: Int, _ byte: UInt8) -> Data {
      var bytes = whole
      bytes[place < 0 ? whole.count + place : place] = byte
      return bytes
    }
    let body = 30 + pickle.name.utf8.count + pickle.bytes.count
    let directory = body + 30 + data.name.utf8.count + data.bytes.count
    for (bytes, reason) in [
      (Assemble.zip([pickle]), "lacks the storage '0'"),
      (Assemble.zip([data]), "0 entries 'data.pkl'"),
      (Assemble.zip([pickle, data, data]), "'a/data/0' twice"),
      (Assemble.zip([pickle, data, ("b/data.pkl", [])]), "2 entries 'data.pkl'"),
      (Assemble.zip([pickle, ("a/data/0", Array(Self.floats.dropLast()))]), "has 7 bytes for"),
      (Assemble.zip([pickle, data, ("a/byteorder", Array("big".utf8))]), "little-endian"),
      (changed(body + 30 + 8, 9), "the CRC of 'a/data/0'"),
      (changed(body, 9), "damaged zip header"),
      (changed(directory, 9), "damaged zip directory"),
      (changed(directory + 10, 8), "compressed (method 8)"),
      (changed(directory + 8, 1), "encrypted"),
      (changed(directory + 20, 99), "compressed (method 0)"),
      (changed(directory + 28, 200), "ends too early"),
      (changed(directory + 44, 200), "no whole zip file"),
      (changed(-22 + 10, 9), "its directory says 9"),
      (changed(-22 + 4, 9), "one of several"),
      (changed(-22 + 18, 200), "no whole zip file"),
    ] {
      let refusal = try TemporaryFile(bytes).refusal()
      #expect(refusal?.contains(reason) == true, "\(reason): \(refusal ?? "read")")
    }
  }
}
