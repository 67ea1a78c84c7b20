import Foundation
import Synchronization
import Tensors
import Testing

@testable import Video

@Suite("A scan") struct ScanTests {
  let scratch = try? Scratch()

  private func scan(_ folder: String, frames: Int = 16, known: [VideoRecord] = []) throws
    -> (records: [VideoRecord], looked: Int)
  {
    var scan = try Scan(
      of: folder, layout: .auto, list: 1, clipFrames: frames, known: known)
    let looked = Mutex(0)
    try scan.run(lanes: LanePool(count: 2)) { _ in looked.withLock { $0 += 1 } }
    return (scan.records, looked.withLock { $0 })
  }

  @Test(
    "says what every file is, or why it cannot be used",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), .timeLimit(.minutes(10)))
  func everything() throws {
    let scratch = try #require(scratch)
    let good = try scratch.mint("good.avi", ["-c:v", "libxvid", "-q:v", "5", "-g", "12"])
    try FileManager.default.copyItem(atPath: good, toPath: scratch.path("same.avi"))
    _ = try scratch.mint("brief.mp4", frames: 5)
    try FFmpegTool.run([
      "-i", scratch.path("brief.mp4"), "-c", "copy", "-metadata:s:v", "rotate=90",
      scratch.path("turned.mp4"),
    ])
    try scratch.write("page.mp4", "<html></html>")
    try scratch.write("empty.mkv")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: good))
    try bytes.prefix(bytes.count * 6 / 10).write(to: URL(fileURLWithPath: scratch.path("cut.avi")))
    let made = unsafe mkfifo(scratch.path("pipe.avi"), 0o600)
    #expect(made == 0)

    let (records, looked) = try scan(scratch.root, frames: 6)
    #expect(looked == 8 && records.map(\.id) == records.map(\.id).sorted())
    let by = Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) })
    #expect(
      by.mapValues(\.status) == [
        "good.avi": .good, "same.avi": .good, "brief.mp4": .short, "turned.mp4": .short,
        "page.mp4": .quarantined, "empty.mkv": .quarantined, "cut.avi": .short,
        "pipe.avi": .quarantined,
      ])
    #expect(by["same.avi"]?.duplicateOf == "good.avi" && by["good.avi"]?.duplicateOf == nil)
    #expect(by["brief.mp4"]?.reason == "5 frames, fewer than a clip's 6")
    #expect(by["cut.avi"]?.reason.hasSuffix("of 40 promised frames are there") == true)
    #expect(by["empty.mkv"]?.reason == "the file is empty")
    let content = try #require(by["good.avi"]?.content)
    #expect(content.frameCount == 40 && content.rate == 25 && content.codec == "mpeg4")
    #expect(content.keyFrames == [0, 12, 24, 36] && content.rotation == "0")
    #expect(content.size == PixelSize(width: 162, height: 122))
    #expect(by["turned.mp4"]?.content?.rotation == "270")
    #expect(by["turned.mp4"]?.content?.size == PixelSize(width: 122, height: 162))
    #expect(by["good.avi"]?.hash == ContentHash.of([UInt8](bytes)))

    // Only what is not good, or has changed, is looked at again.
    #expect(try scan(scratch.root, frames: 6, known: records).looked == 6)
    #expect(try scan(scratch.root, frames: 6, known: records).records == records)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: good)
    #expect(try scan(scratch.root, frames: 6, known: records).looked == 7)
    #expect(try scan(scratch.root, frames: 41, known: records).looked == 8)
  }

  @Test("spares the run from decoding what it has seen, as long as the files stay as they were")
  func trusted() throws {
    let scratch = try #require(scratch)
    let file = scratch.path("a.mp4")
    try FileManager.default.copyItem(atPath: SampleSet.someVideo, toPath: file)
    let (records, _) = try scan(scratch.root)
    let table = scratch.path("m.tsv")
    try ManifestFile.data(records, in: scratch.root).write(to: URL(fileURLWithPath: table))
    func check() throws -> (frames: Int, decodes: Int) {
      let manifest = try Manifest(reading: table, split: .train, seed: 1)
      let cache = FrameCache(manifest: manifest, shortSide: 30, byteLimit: 0)
      return (try cache.check(0), cache.decodes)
    }
    let frames = try #require(records[0].content?.frameCount)
    #expect(try check() == (frames, 0))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file)
    #expect(try check() == (frames, 1))
    try FileManager.default.removeItem(atPath: file)
    #expect(throws: VideoError.self) { try check() }
  }
}
