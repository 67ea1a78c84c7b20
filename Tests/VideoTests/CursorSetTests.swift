import Tensors
import Testing

@testable import Video

@Suite("Several places in one video", .serialized) struct CursorSetTests {
  let scratch = try? Scratch()

  /// Files whose only start is their first frame, or that cannot be sought in, and one of many starts.
  static let files = [
    ("long.avi", "-c:v libxvid -q:v 5 -g 300"), ("long.mp4", "-c:v libx264 -bf 3 -g 300"),
    ("long.mpg", "-c:v mpeg2video -bf 2 -g 30 -q:v 5"), ("short.mp4", "-c:v libx264 -bf 2 -g 12"),
  ]

  @Test(
    "give the frames of one, for windows in any order",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), .timeLimit(.minutes(10)),
    arguments: files)
  func exact(name: String, encoding: String) throws {
    let scratch = try #require(scratch)
    let words = encoding.split(separator: " ").map(String.init)
    let file = try scratch.mint(name, frames: 160, words)
    var reader = try VideoReader(opening: file)
    let video = try reader.readAll(shortSide: 20)
    var random = RandomStream(seed: 5, purpose: .test)
    for _ in 0..<60 {
      let window = ClipWindow(
        start: random.integer(below: video.frameCount), frames: 1 + random.integer(below: 8),
        stride: 1 + random.integer(below: 3))
      let pixels = try reader.read(window, crop: nil, scaledTo: video.size)
      #expect(pixels == video.frames(window), "\(window)")
    }
    #expect(try reader.readAll(shortSide: 20).pixels == video.pixels)
  }

  @Test(
    "are kept where starts are far apart, and only there",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func number() throws {
    let scratch = try #require(scratch)
    for (name, encoding) in Self.files where name.hasSuffix("mp4") {
      let words = encoding.split(separator: " ").map(String.init)
      let file = try scratch.mint(name, frames: 160, words)
      var reader = try VideoReader(opening: file)
      let index = try reader.wholeIndex()
      var cursors = try CursorSet(opening: file, bytes: nil)
      var random = RandomStream(seed: 5, purpose: .test)
      var (log, decoded): (FrameIndex.Log?, Int) = (nil, 0)
      for _ in 0..<40 {
        let frame = random.integer(below: index.frameCount)
        let start = try #require(index.start(before: frame))
        if !cursors.goOn(to: frame, from: start) {
          #expect(try cursors.go(to: start, in: index))
        }
        #expect(cursors.current.position <= frame)
        while try cursors.current.advance(knowing: index, noting: &log) != frame { decoded += 1 }
      }
      #expect(name == "short.mp4" ? cursors.count == 1 : (2...6).contains(cursors.count))
      // From the start on it would be 80 on the average, or 6, and with one place 53 or 5.
      #expect(decoded < 40 * (name == "short.mp4" ? 12 : 40), "\(name): \(decoded)")
    }
  }
}
