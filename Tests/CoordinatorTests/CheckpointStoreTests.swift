import Foundation
import Tensors
import Testing

@testable import Coordinator

@Suite struct CheckpointStoreTests {
  private static func contents(step: Int) -> CheckpointContents {
    CheckpointContents(
      tensors: [
        "weights": SafeTensors([
          .init("w", shape: [3], values: .floats([Float(step), -0.0, 1e-20]))
        ]),
        "labels": SafeTensors([.init("fine", shape: [2], values: .integers([4, -1]))]),
      ], epoch: step / 10, step: step, progress: ["position": 5],
      text: ["run.yaml": "seed: 1\n"], configurationHash: "abc")
  }

  /// A store with checkpoints after the given steps.
  private static func store(_ steps: [Int], keep: Int = 2, in directory: TemporaryDirectory) throws
    -> CheckpointStore
  {
    let store = CheckpointStore(directory: directory.file("checkpoints"), keep: keep)
    for step in steps { try store.save(contents(step: step)) }
    return store
  }

  @Test func `The newest few are kept and the newest is loaded`() throws {
    let directory = try TemporaryDirectory()
    let store = try Self.store([10, 20, 30], in: directory)
    #expect(try store.names == ["epoch-0003-step-000030", "epoch-0002-step-000020"])
    let loaded = try #require(try store.loadNewest())
    #expect(loaded.contents == Self.contents(step: 30))
    #expect(loaded.skipped.isEmpty)
    #expect(loaded.contents.epoch == 3 && loaded.contents.step == 30)
  }

  @Test func `An empty store has nothing to load`() throws {
    let directory = try TemporaryDirectory()
    #expect(try Self.store([], in: directory).loadNewest() == nil)
  }

  @Test func `The same step can be saved again`() throws {
    let directory = try TemporaryDirectory()
    let store = try Self.store([10, 10], in: directory)
    #expect(try store.loadNewest()?.contents == Self.contents(step: 10))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: store.directory)
        == ["epoch-0001-step-000010"])
  }

  /// Every way to hurt a checkpoint, with a part of the reason.
  enum Damage: String, CaseIterable {
    case flippedBit = "damaged weights.safetensors: its hash differs"
    case cutFile = "torn weights.safetensors"
    case missingFile = "lacks weights.safetensors"
    case missingManifest = "has no manifest.json"
    case cutManifest = "a manifest.json that cannot be read"
    case changedManifest = "a damaged manifest.json: its hash differs"
    case newerSchema = "has schema version 2"

    func inflict(on path: String) throws {
      let weights = URL(fileURLWithPath: path + "/weights.safetensors")
      let manifest = URL(fileURLWithPath: path + "/manifest.json")
      switch self {
      case .flippedBit:
        var data = try Data(contentsOf: weights)
        data[data.count - 2] ^= 4
        try data.write(to: weights)
      case .cutFile: try Data(contentsOf: weights).dropLast(3).write(to: weights)
      case .missingFile: try FileManager.default.removeItem(at: weights)
      case .missingManifest: try FileManager.default.removeItem(at: manifest)
      case .cutManifest: try Data(contentsOf: manifest).dropLast(9).write(to: manifest)
      case .changedManifest: try replace("\"position\" : 5", "\"position\" : 6", in: manifest)
      case .newerSchema:
        try replace("\"schema_version\" : 1", "\"schema_version\" : 2", in: manifest)
      }
    }

    private func replace(_ old: String, _ new: String, in file: URL) throws {
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.contains(old))
      try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
    }
  }

  @Test(arguments: Damage.allCases)
  func `A damaged checkpoint is named and the one before is used`(damage: Damage) throws {
    let directory = try TemporaryDirectory()
    let store = try Self.store([10, 20], in: directory)
    try damage.inflict(on: store.directory + "/epoch-0002-step-000020")
    let loaded = try #require(try store.loadNewest())
    #expect(loaded.contents == Self.contents(step: 10))
    #expect(loaded.skipped.count == 1)
    let reason = loaded.skipped.first ?? ""
    #expect(
      reason.hasPrefix("epoch-0002-step-000020 ") && reason.contains(damage.rawValue), "\(reason)")
    try damage.inflict(on: store.directory + "/epoch-0001-step-000010")
    let error = #expect(throws: CheckpointError.self) { try store.loadNewest() }
    #expect(error?.code == .badData)
  }

  @Test func `What a crash leaves behind is ignored and later swept away`() throws {
    let directory = try TemporaryDirectory()
    let store = try Self.store([10], in: directory)
    let torn = store.directory + "/.partial-epoch-0002-step-000020-1234"
    try FileManager.default.createDirectory(atPath: torn, withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(fileURLWithPath: torn + "/weights.safetensors"))
    #expect(try store.loadNewest()?.contents.step == 10)
    try store.save(Self.contents(step: 20))
    #expect(!FileManager.default.fileExists(atPath: torn))
  }

  @Test func `A place that cannot be written is an error of its own`() throws {
    let directory = try TemporaryDirectory()
    _ = try directory.file("checkpoints", holding: Data("a file".utf8))
    let store = CheckpointStore(directory: directory.file("checkpoints"), keep: 2)
    let error = #expect(throws: CheckpointError.self) {
      try store.save(Self.contents(step: 1))
    }
    #expect(error.map { $0.code } == .cannotWrite)
  }

  @Test func `Hashes are SHA-256 of the bytes`() {
    #expect(
      ContentHash.of("abc")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(ContentHash.of([Float]([0])) != ContentHash.of([-0.0] as [Float]))
    var parts = ContentHash()
    parts.update([Int32]([1]))
    parts.update([Int32]([2]))
    #expect(parts.hexadecimal == ContentHash.of([Int32]([1, 2])))
  }
}
