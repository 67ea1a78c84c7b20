import Foundation
import Tensors
import Testing

@testable import Video

@Suite("A bad file") struct BadFileTests {
  let scratch = try? Scratch()

  /// The message that opening and reading a file ends with.
  private func failure(_ file: String) -> String? {
    error { () throws(VideoError) in
      var reader = try VideoReader(opening: file)
      _ = try reader.frameCount()
    }?.description
  }

  @Test("is named together with the reason")
  func named() throws {
    let scratch = try #require(scratch)
    let cases = [
      (scratch.path("absent.mp4"), "No such file"),
      (try scratch.write("empty.mp4"), "empty"),
      (try scratch.write("page.mp4", "<html><body>404 not found</body></html>"), "Invalid data"),
      (scratch.root, "not a regular file"),
    ]
    for (file, reason) in cases {
      let message = try #require(failure(file))
      #expect(message.hasPrefix(file + ": ") && message.contains(reason), "\(message)")
    }
  }

  @Test("that is a pipe does not block the reader", .timeLimit(.minutes(10)))
  func pipe() throws {
    let path = try #require(scratch).path("pipe.avi")
    let made = unsafe mkfifo(path, 0o600)
    #expect(made == 0)
    #expect(failure(path)?.contains("not a regular file") == true)
  }

  @Test(
    "that is a playlist opens no other file",
    arguments: [
      "ffconcat version 1.0\nfile '%'\n", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n%\n",
    ])
  func playlist(script: String) throws {
    let scratch = try #require(scratch)
    try FileManager.default.copyItem(atPath: SampleSet.someVideo, toPath: scratch.path("in.mp4"))
    for name in ["list.avi", "list.mp4"] {
      let file = try scratch.write(name, script.replacingOccurrences(of: "%", with: "in.mp4"))
      #expect(failure(file) != nil)
    }
  }

  @Test(
    "without a moving picture is refused", .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func soundOnly() throws {
    let scratch = try #require(scratch)
    let sound = scratch.path("sound.mp4")
    try FFmpegTool.run(["-f", "lavfi", "-i", "sine=duration=1", sound])
    #expect(failure(sound)?.contains("no video stream") == true)

    let cover = scratch.path("cover.png")
    let song = scratch.path("song.mp4")
    try FFmpegTool.run(FFmpegTool.source(frames: 1) + [cover])
    try FFmpegTool.run([
      "-i", sound, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0",
      "attached_pic", song,
    ])
    #expect(failure(song)?.contains("no video stream") == true)
  }

  @Test(
    "that is cut off has the frames that still decode",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: [
      Encoding(file: "cut.avi", arguments: ["-c:v", "libxvid", "-q:v", "5"]),
      Encoding(file: "cut.mkv", arguments: ["-c:v", "libx264", "-bf", "2"]),
      Encoding(file: "cut.mp4", arguments: ["-c:v", "libx264", "-movflags", "+faststart"]),
    ])
  func truncated(encoding: Encoding) throws {
    let scratch = try #require(scratch)
    let file = try scratch.mint(encoding.file, encoding.arguments)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    try bytes.prefix(bytes.count * 6 / 10).write(to: URL(fileURLWithPath: file))

    var counter = try VideoReader(opening: file)
    let count = try counter.frameCount()
    #expect((5..<40).contains(count))
    var reader = try VideoReader(opening: file)
    let video = try reader.readAll(shortSide: 122)
    #expect(video.frameCount == count)
    let expected = try FFmpegTool.frames(of: file, size: video.size, in: scratch)
    #expect(largestDifference(video.pixels, expected) == 0)
    let window = ClipWindow(start: count - 1, frames: 3, stride: 1)
    #expect(
      try reader.read(window, crop: nil, scaledTo: video.size) == video.frames(window))
  }

  @Test(
    "that lost its index says so", .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func lostIndex() throws {
    let scratch = try #require(scratch)
    let file = try scratch.mint("x.mp4")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: file))
    #expect(failure(file)?.contains("moov atom not found") == true)
    // The complaint about one file does not stick to the next.
    let page = try scratch.write("page.avi", "<html></html>")
    #expect(failure(page)?.contains("moov") == false)
  }

  @Test(
    "damaged in the middle decodes the same way every time",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: ["noise.avi", "noise.mp4", "noise.mkv"])
  func damaged(name: String) throws {
    let scratch = try #require(scratch)
    let codec = name.hasSuffix("avi") ? "libxvid" : "libx264"
    let file = try scratch.mint(name, ["-c:v", codec, "-g", "10"])
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    for place in stride(from: bytes.count / 3, to: bytes.count / 2, by: 97) { bytes[place] ^= 0x55 }
    try bytes.write(to: URL(fileURLWithPath: file))
    var reader = try VideoReader(opening: file)
    let video = try reader.readAll(shortSide: 60)
    var again = try VideoReader(opening: file)
    #expect(try again.frameCount() == video.frameCount)
    #expect(try again.readAll(shortSide: 60).pixels == video.pixels)
    let window = ClipWindow(start: 1, frames: 8, stride: 4)
    #expect(try again.read(window, crop: nil, scaledTo: video.size) == video.frames(window))
  }

  @Test(
    "whose decoder only complains is damaged, too: what it shows then depends on what it held before",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func complaints() throws {
    let scratch = try #require(scratch)
    let file = try scratch.mint("pictures.avi", ["-c:v", "mjpeg", "-q:v", "5"])
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    // Stretches in the middle of pictures are lost.
    for place in [3, 4, 5, 6] {
      let start = bytes.count * place / 9
      bytes.replaceSubrange(start..<start + 300, with: Data(repeating: 0xFF, count: 300))
    }
    try bytes.write(to: URL(fileURLWithPath: file))
    var reader = try VideoReader(opening: file)
    let video = try reader.readAll(shortSide: 60)
    let index = try reader.wholeIndex()
    #expect(index.isDamaged && index.starts.isEmpty)
    for start in stride(from: video.frameCount - 1, through: 0, by: -3) {
      let window = ClipWindow(start: start, frames: 2, stride: 1)
      let pixels = try reader.read(window, crop: nil, scaledTo: video.size)
      #expect(pixels == video.frames(window), "\(window)")
    }
  }

  @Test(
    "with random damage is either read the same way twice or named in an error",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), .timeLimit(.minutes(10)))
  func randomDamage() throws {
    let scratch = try #require(scratch)
    var random = RandomStream(seed: 9, purpose: .test)
    for encoding in Encoding.all {
      let whole = try scratch.mint(encoding.file, frames: 12, encoding.arguments)
      let original = try [UInt8](Data(contentsOf: URL(fileURLWithPath: whole)))
      let file = scratch.path("damaged-" + encoding.file)
      for round in 0..<12 {
        var bytes = original
        let reach = round % 2 == 0 ? bytes.count : min(bytes.count, 2000)
        for _ in 0..<(1 + random.integer(below: 30)) {
          bytes[random.integer(below: reach)] = UInt8(truncatingIfNeeded: random.next32())
        }
        if round % 3 == 0 { bytes.removeLast(random.integer(below: bytes.count)) }
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        let failure = error { () throws(VideoError) in
          var reader = try VideoReader(opening: file)
          let count = try reader.frameCount()
          let video = try reader.readAll(shortSide: 20)
          #expect(video.frameCount == count)
        }
        #expect(failure == nil || failure?.path == file)
      }
    }
  }

  @Test("does not get past impossible sizes and rectangles")
  func impossible() throws {
    let window = ClipWindow(start: 0, frames: 1, stride: 1)
    let size = PixelSize(width: 8, height: 8)
    let huge = PixelSize(width: .max, height: 2)
    let outside = CropRectangle(x: 1000, y: 0, width: 8, height: 8)
    for (crop, size) in [(nil, huge), (outside, size)] as [(CropRectangle?, PixelSize)] {
      let failure = error { () throws(VideoError) in
        var reader = try VideoReader(opening: SampleSet.someVideo)
        _ = try reader.read(window, crop: crop, scaledTo: size)
      }
      #expect(failure?.path == SampleSet.someVideo)
    }
  }
}
