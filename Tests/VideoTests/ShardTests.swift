import Foundation
import Testing

@testable import Video

@Suite("A shard") struct ShardTests {
  let scratch = try? Scratch()

  private static let hasTar = FileManager.default.isExecutableFile(atPath: "/usr/bin/tar")
  private static let noTar: Comment = "there is no /usr/bin/tar"

  private func tar(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "tar \(arguments)")
  }

  /// Some videos, three of them called by names that are hard to write down.
  private func videos(in scratch: Scratch) throws -> String {
    let samples = try Manifest(reading: SampleSet.root, split: .test, seed: 1).samples.prefix(5)
    let names = [
      "Walk/a.mp4", "Walk/b b.mp4", "Run/\(String(repeating: "long", count: 40)).mp4",
      "Run/\u{E9}\n.mp4", "Run/c.mp4",
    ]
    for (name, sample) in zip(names, samples) {
      try scratch.write("set/" + name)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: sample.path))
      try bytes.write(to: URL(fileURLWithPath: scratch.path("set/" + name)))
    }
    return scratch.path("set")
  }

  private func pack(_ set: String, in scratch: Scratch, byteLimit: Int) throws -> [VideoRecord] {
    let out = scratch.path("shards")
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    let records = try Manifest.records(of: set, list: 1, seed: 1)
    let packed = try ShardWriter(folder: out, byteLimit: byteLimit).write(records) { _ in }
    try ManifestFile.data(packed, in: out).write(to: URL(fileURLWithPath: out + "/manifest.tsv"))
    return packed
  }

  @Test("gives the videos back where they lie, in the order of the run")
  func roundTrip() throws {
    let scratch = try #require(scratch)
    let set = try videos(in: scratch)
    let packed = try pack(set, in: scratch, byteLimit: 40_000)
    let shards = scratch.path("shards")
    let plain = try Manifest(reading: set, split: .train, seed: 1).samples
    let indexed = try Manifest(reading: shards, split: .train, seed: 1).samples
    #expect(indexed.map(\.id) == plain.map(\.id) && packed.map(\.id) == plain.map(\.id))
    for (one, other) in zip(plain, indexed) {
      var whole = try VideoReader(opening: one)
      var member = try VideoReader(opening: other)
      #expect(try whole.readAll(shortSide: 20).pixels == member.readAll(shortSide: 20).pixels)
    }
    // Front to back: places never fall within a tar file, and files come one after the other.
    let places = indexed.map { ($0.path, $0.bytes?.lowerBound ?? -1) }
    #expect(Set(places.map(\.0)).count > 1)
    #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
    // Without its table a folder of tar files, or one of them, is a data set too.
    try FileManager.default.removeItem(atPath: shards + "/manifest.tsv")
    let bare = try Manifest(reading: shards, split: .train, seed: 1).samples
    #expect(bare.map(\.id) == plain.map(\.id) && bare.map(\.bytes) == indexed.map(\.bytes))
    let first = try Manifest(reading: shards + "/shard-00000.tar", split: .train, seed: 1)
    #expect(Set(first.samples.map(\.path)) == [shards + "/shard-00000.tar"])
  }

  @Test("has a name of its own however many there are, in a folder with or without a slash")
  func names() throws {
    #expect(
      ShardWriter.name(0) == "shard-00000.tar" && ShardWriter.name(99999) == "shard-99999.tar")
    #expect(ShardWriter.name(100_000) == "shard-100000.tar")
    let scratch = try #require(scratch)
    let set = try videos(in: scratch)
    let records = try Manifest.records(of: set, list: 1, seed: 1)
    let packed = try ShardWriter(folder: scratch.path("."), byteLimit: 1 << 30)
      .write(records) { _ in }
    let slash = try ShardWriter(folder: scratch.path("./"), byteLimit: 1 << 30)
      .write(records) { _ in }
    #expect(packed.map(\.path) == slash.map(\.path) && packed.map(\.bytes) == slash.map(\.bytes))
  }

  @Test("of links and hidden files is what the folder is", .enabled(if: hasTar, noTar))
  func links() throws {
    let scratch = try #require(scratch)
    let set = try videos(in: scratch)
    let (one, other) = (set + "/Walk/a.mp4", set + "/Walk/linked.mp4")
    try FileManager.default.linkItem(atPath: one, toPath: other)
    for hidden in ["set/Walk/._a.mp4", "set/.trash/b.mp4"] { try scratch.write(hidden) }
    let long = set + "/Run/\(String(repeating: "link", count: 40)).mp4"
    try FileManager.default.linkItem(
      atPath: set + "/Run/\(String(repeating: "long", count: 40)).mp4", toPath: long)
    for format in ["gnu", "pax"] {
      let file = scratch.path("\(format).tar")
      try tar(["--format=\(format)", "-cf", file, "-C", set, "."])
      let members = try TarShards.records(in: file)
      #expect(
        Set(members.map { String($0.id.dropFirst(2)) })
          == Set(try VideoFolder(set).files().map(FileName.escaped)), "\(format)")
      let bytes = members.filter { $0.id.hasSuffix("a.mp4") || $0.id.hasSuffix("linked.mp4") }
      #expect(bytes.count == 2 && bytes[0].bytes == bytes[1].bytes, "\(format)")
    }
  }

  @Test("holds each list in the order of its run")
  func lists() throws {
    let scratch = try #require(scratch)
    _ = try pack(SampleSet.root, in: scratch, byteLimit: 1 << 20)
    for split in [Manifest.Split.train, .test] {
      let samples = try Manifest(reading: scratch.path("shards"), split: split, seed: 1).samples
      let places = samples.map { ($0.path, $0.bytes?.lowerBound ?? -1) }
      #expect(Set(places.map(\.0)).count > 1, "\(split)")
      #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 }, "\(split)")
    }
  }

  @Test("is unpacked by tar, and a tar file that tar made is read", .enabled(if: hasTar, noTar))
  func tarAgrees() throws {
    let scratch = try #require(scratch)
    let set = try videos(in: scratch)
    _ = try pack(set, in: scratch, byteLimit: 1 << 30)
    try scratch.write("unpacked/keep")
    try tar(["-xf", scratch.path("shards/shard-00000.tar"), "-C", scratch.path("unpacked")])
    let names = try VideoFolder(set).files()
    #expect(try VideoFolder(scratch.path("unpacked")).files() == names)
    for name in names {
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: set + "/" + name))
          == Data(contentsOf: URL(fileURLWithPath: scratch.path("unpacked/") + name)))
    }
    for format in ["gnu", "ustar", "pax"] {
      let file = scratch.path("\(format).tar")
      let short = names.filter { format != "ustar" || $0.utf8.count < 100 }
      try tar(["--format=\(format)", "-cf", file, "-C", set, "--"] + short)
      let members = try TarMembers(of: file).members
      #expect(members.map(\.name) == short, "\(format)")
      for member in members {
        let bytes = try PlainFile(opening: file).bytes(
          at: member.bytes.lowerBound, count: member.bytes.count)
        #expect(
          try Data(bytes) == Data(contentsOf: URL(fileURLWithPath: set + "/" + member.name)))
      }
    }
  }

  @Test("that is damaged or cut off is named with the place")
  func damaged() throws {
    let scratch = try #require(scratch)
    let set = try videos(in: scratch)
    _ = try pack(set, in: scratch, byteLimit: 1 << 30)
    let file = scratch.path("shards/shard-00000.tar")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    func reason(_ bytes: Data) throws -> String? {
      let path = scratch.path("bad.tar")
      try bytes.write(to: URL(fileURLWithPath: path))
      return error { () throws(VideoError) in _ = try TarMembers(of: path) }?.reason
    }
    var flipped = bytes
    flipped[3] ^= 1
    #expect(try reason(flipped) == "no tar header at byte 0: the checksum differs")
    #expect(try reason(bytes.prefix(300)) == "no tar header at byte 0: the file ends")
    #expect(try reason(bytes.prefix(700))?.contains("are not in a file of 700") == true)
    #expect(try reason(Data("<html></html>".utf8))?.hasPrefix("no tar header at byte 0") == true)
    try bytes.prefix(2000).write(to: URL(fileURLWithPath: file))
    let samples = try Manifest(
      reading: scratch.path("shards/manifest.tsv"), split: .train, seed: 1
    ).samples
    let failure = error { () throws(VideoError) in _ = try VideoReader(opening: samples[4]) }
    #expect(failure?.reason.contains("are not in a file of 2000 bytes") == true)
  }

  @Test("holds as many videos as fit, and at least one")
  func cuts() {
    #expect(ShardWriter.cut([], 10) == [])
    #expect(ShardWriter.cut([4, 4, 4, 20, 1, 9], 10) == [0..<2, 2..<3, 3..<4, 4..<6])
  }
}
