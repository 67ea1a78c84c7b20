import Foundation
import Tensors
import Testing

@testable import WeightFiles

@Suite struct StateDictTests {
  @Test(arguments: ["zip.pth", "stream.pth", "zip-protocol4.pth", "stream-protocol4.pth"])
  func `Every tensor that PyTorch saved is read`(name: String) throws {
    let expected = try WeightFixtures.expected()
    let state = try StateDict(reading: WeightFixtures.path(name))
    #expect(Set(state.entries.map(\.name)) == Set(expected.keys))
    #expect(state.entries.first?.name == "conv1.weight")
    for entry in state.entries {
      let tensor = try #require(expected[entry.name])
      #expect(entry.shape == tensor.shape, "\(entry.name)")
      switch entry.values {
      case .floats(let values):
        #expect(values == tensor.values.map { Float($0) }, "\(entry.name)")
        #expect(tensor.isFloat, "\(entry.name)")
      case .integers(let values):
        #expect(values.map { Double($0) } == tensor.values, "\(entry.name)")
        #expect(!tensor.isFloat, "\(entry.name)")
      }
    }
  }

  @Test func `Parts of a storage are read from their own place`() throws {
    let entries = try StateDict(reading: WeightFixtures.path("views.pth")).entries
    #expect(
      entries == [
        .init("whole", shape: [2, 4], values: .floats([0, 1, 2, 3, 4, 5, 6, 7])),
        .init("part", shape: [4], values: .floats([2, 3, 4, 5])),
        .init("transposed", shape: [2, 2], values: .floats([4, 6, 5, 7])),
      ])
  }

  @Test func `Safetensors files are known by their bytes`() throws {
    let entry = SafeTensors.Entry("fc.bias", shape: [2], values: .floats([1, 2]))
    let file = try TemporaryFile(Data())
    try SafeTensors([entry]).write(to: file.path)
    #expect(try StateDict(reading: file.path).entries == [entry])
  }

  @Test(arguments: ["command.pth", "command-stream.pth"])
  func `A file that would run a command is refused by the command's name`(name: String) throws {
    let error = #expect(throws: FileError.self) {
      try StateDict(reading: WeightFixtures.path(name))
    }
    #expect(error?.path == WeightFixtures.path(name))
    #expect(error?.reason.contains("'posix.system'") == true, "\(error?.reason ?? "")")
    #expect(!FileManager.default.fileExists(atPath: "kindreel-was-here"))
  }

  @Test func `Compressed, foreign and missing files are refused`() throws {
    let compressed = try TemporaryFile(WeightFixtures.bytes("deflated.pth"))
    #expect(compressed.refusal()?.contains("compressed (method 8)") == true)
    for (bytes, reason) in [
      (Data(), "no file of weights"), (Data("weights".utf8), "no file of weights"),
      (Data("PK".utf8), "cut short"), (Data(repeating: 0x80, count: 99), "no file of weights"),
      (Data(count: 257) + Data("ustar".utf8) + Data(count: 99), "tar archive"),
      // What pickle.dump, and not torch.save, writes: {'a': 1}.
      (
        Data([0x80, 4, 0x95, 9, 0, 0, 0, 0, 0, 0, 0, 0x7d, 0x8c, 1, 0x61, 0x4b, 1, 0x73, 0x2e]),
        "no file of weights"
      ),
    ] {
      let refusal = try TemporaryFile(bytes).refusal()
      #expect(refusal?.contains(reason) == true, "\(refusal ?? "read")")
    }
    let error = #expect(throws: FileError.self) { try StateDict(reading: "/no/such/file.pth") }
    #expect(error?.fault == .missing)
  }

  /// Everything is needed but the padding before a zip's data, so no prefix can be whole.
  @Test(arguments: ["zip.pth", "stream.pth", "views.pth"])
  func `No prefix of a file is taken for the whole`(name: String) throws {
    let bytes = try WeightFixtures.bytes(name)
    for length in stride(from: 0, to: bytes.count, by: 7) {
      #expect(try TemporaryFile(bytes.prefix(length)).refusal() != nil, "\(length)")
    }
    #expect(try TemporaryFile(bytes.dropLast()).refusal() != nil)
    let longer = try TemporaryFile(bytes + Data(1...9))
    #expect(name == "zip.pth" || longer.refusal()?.contains("9 bytes after") == true)
  }

  /// A zip's checksums find any change of its data; the reader survives all others.
  @Test func `A changed byte is found, or does not matter`() throws {
    let whole = try StateDict(reading: WeightFixtures.path("zip.pth"))
    let bytes = try WeightFixtures.bytes("zip.pth")
    for place in stride(from: 0, to: bytes.count, by: 11) {
      var changed = bytes
      changed[place] ^= UInt8(1 << (place % 8))
      let file = try TemporaryFile(changed)
      if file.refusal() == nil {
        #expect(try StateDict(reading: file.path) == whole, "byte \(place)")
      }
    }
  }
}
