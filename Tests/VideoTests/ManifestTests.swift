import Foundation
import Testing

@testable import Video

@Suite("The manifest") struct ManifestTests {
  let scratch = try? Scratch()

  private func lay(_ files: [String], lists: [String: String]) throws -> String {
    let scratch = try #require(scratch)
    for file in files { try scratch.write(file) }
    for (name, text) in lists { try scratch.write(name, text) }
    return scratch.root
  }

  @Test("reads UCF101's lists, whatever their line ends, labels and case")
  func lists() throws {
    let root = try lay(
      [
        "UCF-101/HandstandPushups/v_HandStandPushups_g08_c01.avi",
        "UCF-101/Walk/v_Walk_g08_c01.avi", "UCF-101/Walk/v_Walk_g08_c02.avi",
        "UCF-101/Walk/odd [1] & (2)!#.avi", "UCF-101/Walk/v_Walk_g01_c01.avi",
        "UCF-101/Walk/unlisted.avi", "UCF-101/Walk/readme.txt",
      ],
      lists: [
        "ucfTrainTestlist/trainlist01.txt":
          "\u{FEFF}HandstandPushups/v_HandstandPushups_g08_c01.avi 1\r\n"
          + "Walk/v_Walk_g08_c01.avi 2\r\nWalk/v_Walk_g08_c02.avi\t2\r\n\r\n"
          + "Walk/odd [1] & (2)!#.avi 2\r\nWalk/v_Walk_g08_c01.avi 2\r\n",
        "ucfTrainTestlist/testlist01.txt": "Walk/v_Walk_g01_c01.avi",
      ])
    let train = try Manifest(reading: root, split: .train, seed: 1)
    let expected = [
      "HandstandPushups/v_HandStandPushups_g08_c01.avi", "Walk/odd [1] & (2)!#.avi",
      "Walk/v_Walk_g08_c01.avi", "Walk/v_Walk_g08_c02.avi",
    ]
    #expect(train.samples.map(\.id).sorted() == expected)
    let groups = Dictionary(uniqueKeysWithValues: train.samples.map { ($0.id, $0.group) })
    #expect(groups[expected[0]] == "HandstandPushups/g08")
    #expect(groups[expected[1]] == .some(nil))
    #expect(groups[expected[2]] == "Walk/g08" && groups[expected[3]] == "Walk/g08")
    #expect(train.samples.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
    let test = try Manifest(reading: root, split: .test, seed: 1)
    #expect(test.samples.map(\.id) == ["Walk/v_Walk_g01_c01.avi"])
    #expect(try Manifest(reading: root, split: .all, seed: 1).samples.count == 5)
  }

  @Test("finds classes beside the lists")
  func classesInRoot() throws {
    let root = try lay(
      ["Run/a.mp4", "Walk/b.mp4"],
      lists: ["splits/trainlist01.txt": "Run/a.mp4 1\nWalk/b.mp4 2\n"])
    let manifest = try Manifest(reading: root + "/", split: .train, seed: 1)
    #expect(Set(manifest.samples.map(\.id)) == ["Run/a.mp4", "Walk/b.mp4"])
    #expect(Set(manifest.samples.map(\.path)) == [root + "/Run/a.mp4", root + "/Walk/b.mp4"])
  }

  @Test("searches a plain folder and skips what is hidden or no video")
  func plainFolder() throws {
    let scratch = try #require(scratch)
    let root = try lay(
      ["a.MP4", "deep/er/b.webm", "deep/c.mkv", ".hidden.mp4", ".git/d.mp4", "notes.txt", "avi"],
      lists: [:])
    for (link, target) in [("deep/loop", ".."), ("gone.mov", "nowhere.mov")] {
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path(link), withDestinationPath: target)
    }
    for split in [Manifest.Split.train, .all] {
      let manifest = try Manifest(reading: root, split: split, seed: 1)
      let ids = manifest.samples.map(\.id).sorted()
      #expect(ids == ["a.MP4", "deep/c.mkv", "deep/er/b.webm", "gone.mov"])
      #expect(manifest.samples.allSatisfy { $0.group == nil })
    }
    let failure = error { () throws(VideoError) in
      _ = try Manifest(reading: root, split: .test, seed: 1)
    }
    #expect(failure?.reason.contains("no test split") == true)
  }

  @Test("has an order that depends on ids and seed alone, and does not follow the classes")
  func order() throws {
    let one = try Manifest(reading: SampleSet.root, split: .train, seed: 1)
    #expect(one.samples.count == 240)
    #expect(one == Manifest(samples: one.samples.reversed(), seed: 1))
    #expect(one != Manifest(samples: one.samples, seed: 2))
    let classes = one.samples.map { $0.id.prefix { $0 != "/" } }
    let changes = zip(classes, classes.dropFirst()).count { $0 != $1 }
    #expect(changes > 180, "neighbours of one class: \(239 - changes)")
  }

  @Test("an id in a table is one line of UTF-8, however it is spelled there")
  func foreignID() throws {
    let scratch = try #require(scratch)
    let table = scratch.path("table.tsv")
    let text = Array("id\tpath\nA/".utf8) + [0xDC] + Array("\\\\x80.mp4\tb.mp4\n".utf8)
    try Data(text).write(to: URL(fileURLWithPath: table))
    let records = try ManifestFile.read(table)
    #expect(records.map(\.id) == ["A/\\xdc\\\\x80.mp4"])
    try ManifestFile.data(records, in: scratch.path("")).write(to: URL(fileURLWithPath: table))
    #expect(try ManifestFile.read(table).map(\.id) == records.map(\.id))
  }

  @Test("names what is missing")
  func missing() throws {
    let scratch = try #require(scratch)
    func reason(_ folder: String, _ split: Manifest.Split = .train) -> String? {
      error { () throws(VideoError) in
        _ = try Manifest(reading: folder, split: split, seed: 1)
      }?.description
    }
    #expect(reason(scratch.path("absent"))?.contains("no such folder") == true)
    try scratch.write("file.mp4")
    #expect(reason(scratch.path("file.mp4"))?.contains("not a folder") == true)
    try scratch.write("empty/notes.txt")
    #expect(reason(scratch.path("empty"))?.contains("no video files") == true)
    try scratch.write("set/videos/Run/a.avi")
    try scratch.write("set/splits/trainlist01.txt", "Run/a.avi 1\nRun/b.avi 1\n../../file.mp4 1\n")
    let listed = reason(scratch.path("set"))
    #expect(listed?.contains("2 listed files") == true && listed?.contains("Run/b.avi") == true)
    #expect(listed?.contains("trainlist01.txt") == true && listed?.contains("line 2") == true)
    #expect(reason(scratch.path("set"), .test)?.contains("testlist01.txt") == true)
    try scratch.write("set/splits/testlist01.txt", "\n")
    #expect(reason(scratch.path("set"), .test)?.contains("empty") == true)
  }
}
