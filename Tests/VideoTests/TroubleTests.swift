import Foundation
import Testing

@testable import Video

@Suite("An odd file", .serialized) struct TroubleTests {
  let scratch = try? Scratch()

  private func failure(_ file: String) -> String? {
    error { () throws(VideoError) in
      var reader = try VideoReader(opening: file)
      _ = try reader.frameCount()
    }?.description
  }

  @Test(
    "that the system fails to read in its middle is an error and no shorter video",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func failingReads() throws {
    let scratch = try #require(scratch)
    let file = scratch.path("long.ts")
    try FFmpegTool.run(FFmpegTool.source(frames: 100) + ["-c:v", "libx264", file])
    var reader = try VideoReader(opening: file)
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    let opened = descriptors.filter {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == file
    }
    let descriptor = try #require(opened.count == 1 ? Int32(opened[0]) : nil)
    // From here on each read fails, and not with EIO: this file is open for writing alone.
    let other = unsafe open("/dev/null", O_WRONLY)
    #expect(dup2(other, descriptor) == descriptor)
    close(other)
    let failure = error { () throws(VideoError) in _ = try reader.frameCount() }
    #expect(failure?.reason == "cannot be read: Bad file descriptor")
  }

  @Test(
    "that changes its size shows every frame, each scaled to what was asked for",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func sizeChange() throws {
    let scratch = try #require(scratch)
    var joined = Data()
    var parts: [[UInt8]] = []
    for (name, size) in [("small", "160x120"), ("large", "320x240")] {
      let file = scratch.path("\(name).ts")
      try FFmpegTool.run(FFmpegTool.source(frames: 20, size: size) + ["-c:v", "libx264", file])
      joined += try Data(contentsOf: URL(fileURLWithPath: file))
      var reader = try VideoReader(opening: file)
      parts.append(try reader.readAll(shortSide: 60).pixels)
    }
    let file = scratch.path("joined.ts")
    try joined.write(to: URL(fileURLWithPath: file))
    var reader = try VideoReader(opening: file)
    let video = try reader.readAll(shortSide: 60)
    #expect(video.frameCount == 40 && video.size == PixelSize(width: 80, height: 60))
    #expect(largestDifference(video.pixels, parts[0] + parts[1]) == 0)
    let window = ClipWindow(start: 17, frames: 6, stride: 1)
    let pixels = try reader.read(window, crop: nil, scaledTo: video.size)
    #expect(largestDifference(pixels, video.frames(window)) == 0)
  }

  @Test(
    "of any size and format is scaled as the tool scales it",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: [
      ("1x1", "gray"), ("1x1", "yuv420p"), ("3x2", "yuv420p"), ("161x121", "yuv420p"),
      ("162x122", "yuv420p10le"), ("162x122", "yuva420p"), ("162x122", "yuv410p"),
      ("162x122", "gbrap10le"), ("162x122", "gray16le"),
    ])
  func formats(size: String, format: String) throws {
    let scratch = try #require(scratch)
    let file = scratch.path("odd.mkv")
    try FFmpegTool.run(
      FFmpegTool.source(frames: 3, size: size == "1x1" ? "16x16" : size)
        + ["-vf", "scale=\(size.replacing("x", with: ":")),format=\(format)"]
        + ["-c:v", "ffv1", file])
    var reader = try VideoReader(opening: file)
    for side in [1, 7, 50] {
      let video = try reader.readAll(shortSide: side)
      let steps = Scaler.sizes(from: reader.size, to: video.size).dropLast()
      let expected = try FFmpegTool.frames(
        of: file, size: video.size, in: scratch,
        before: steps.flatMap { [FFmpegTool.scale(to: $0), "format=gbrp"] })
      #expect(video.frameCount == 3)
      #expect((largestDifference(video.pixels, expected) ?? 255) <= 1, "to \(video.size)")
    }
  }

  @Test(
    "of 8K is read, and a larger one refused before it takes memory",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), .timeLimit(.minutes(10)))
  func large() throws {
    let scratch = try #require(scratch)
    let file = scratch.path("8k.mp4")
    try FFmpegTool.run([
      "-f", "lavfi", "-i", "color=c=gray:size=7680x4320:rate=5", "-frames:v", "2", "-c:v", "mjpeg",
      file,
    ])
    var reader = try VideoReader(opening: file)
    #expect(try reader.readAll(shortSide: 60).size == PixelSize(width: 107, height: 60))
    let larger = scratch.path("larger.avi")
    try FFmpegTool.run([
      "-f", "lavfi", "-i", "color=c=gray:size=9000x6000:rate=5", "-frames:v", "1", "-c:v", "mjpeg",
      larger,
    ])
    #expect(failure(larger)?.contains("larger.avi") == true)
  }

  @Test(
    "with several pictures shows its default stream, and no cover",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func streams() throws {
    let scratch = try #require(scratch)
    let (one, other) = (try scratch.mint("one.mp4", frames: 5), scratch.path("two.mp4"))
    try FFmpegTool.run(FFmpegTool.source(frames: 7, size: "320x240") + [other])
    let both = scratch.path("both.mkv")
    try FFmpegTool.run([
      "-i", other, "-i", one, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "0",
      "-disposition:v:1", "default", both,
    ])
    var reader = try VideoReader(opening: both)
    #expect(reader.size == PixelSize(width: 162, height: 122))
    #expect(try reader.frameCount() == 5)

    let cover = scratch.path("cover.png")
    try FFmpegTool.run(FFmpegTool.source(frames: 1, size: "640x480") + [cover])
    let covered = scratch.path("covered.mp4")
    try FFmpegTool.run([
      "-i", cover, "-i", one, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0",
      "attached_pic", covered,
    ])
    var behind = try VideoReader(opening: covered)
    #expect(try behind.frameCount() == 5)
  }

  @Test(
    "of more streams than any camera makes is refused",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func manyStreams() throws {
    let scratch = try #require(scratch)
    for (count, isRead) in [(64, true), (65, false)] {
      let file = scratch.path("\(count).avi")
      let maps = Array(repeating: ["-map", "0"], count: count).flatMap { $0 }
      try FFmpegTool.run(
        FFmpegTool.source(frames: 2, size: "16x16") + maps + ["-c:v", "mjpeg", file])
      let failure = failure(file)
      #expect(isRead == (failure == nil), "\(count) streams: \(failure ?? "read")")
      #expect(isRead || failure?.contains(file) == true)
    }
  }

  @Test("that is a script for another program opens nothing, whatever it is called")
  func scripts() throws {
    let scratch = try #require(scratch)
    let inside = scratch.path("in.mp4")
    try FileManager.default.copyItem(atPath: SampleSet.someVideo, toPath: inside)
    let scripts = [
      "ffconcat version 1.0\nfile '\(inside)'\n",
      "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://\(inside)\n#EXT-X-ENDLIST\n",
      "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        + "a=rtpmap:96 H264/90000\n",
      "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><AdaptationSet>"
        + "<Representation><BaseURL>\(inside)</BaseURL></Representation></AdaptationSet></Period></MPD>",
      "[Playlist]\nFile1=\(inside)\n", "\(inside)\n",
    ]
    for (number, script) in scripts.enumerated() {
      for name in ["avi", "mp4", "mkv", "ts", "m3u8", "sdp"] {
        let file = try scratch.write("script-\(number).\(name)", script)
        #expect(failure(file) != nil, "\(file)")
      }
    }
  }

  @Test("that is no file, or no longer, is named with the system's reason")
  func places() throws {
    let scratch = try #require(scratch)
    let link = scratch.path("gone.mp4")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere.mp4")
    #expect(failure(link)?.contains("No such file") == true)
    #expect(failure("/dev/zero")?.contains("not a regular file") == true)
    #expect(failure(scratch.path(String(repeating: "x", count: 300)))?.contains("too long") == true)
    #expect(failure(scratch.path("a\0b.mp4")) != nil)

    let file = try scratch.write("file.mp4")
    try FileManager.default.removeItem(atPath: file)
    try FileManager.default.copyItem(atPath: SampleSet.someVideo, toPath: file)
    var reader = try VideoReader(opening: file)
    let count = try reader.frameCount()
    try FileManager.default.removeItem(atPath: file)
    // What is open can be read on, from its beginning too, whatever has taken its name.
    try scratch.write("file.mp4", "another file")
    var whole = try VideoReader(opening: SampleSet.someVideo)
    let video = try whole.readAll(shortSide: 8)
    #expect(count == video.frameCount)
    for start in [count - 2, 0, 5] {
      let window = ClipWindow(start: start, frames: 2, stride: 1)
      let pixels = try reader.read(window, crop: nil, scaledTo: video.size)
      #expect(pixels == video.frames(window))
    }
  }

  @Test(
    "that is a socket, or has the longest of names, is treated as any other",
    .timeLimit(.minutes(10)))
  func socketAndLongName() throws {
    // A socket's name has to be short.
    let place = "/tmp/kindreel-\(getpid()).avi"
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: place.utf8) }
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer {
      close(number)
      try? FileManager.default.removeItem(atPath: place)
    }
    let bound = unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0 && failure(place) != nil)

    let long = try #require(scratch).path(String(repeating: "x", count: 251) + ".mp4")
    try FileManager.default.copyItem(atPath: SampleSet.someVideo, toPath: long)
    #expect(failure(long) == nil)
  }

  @Test(
    "with one frame is played in a loop, and one with a palette as the tool shows it",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func shortAndPalette() throws {
    let scratch = try #require(scratch)
    let palette = [
      "-vf", "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1", "-c:v", "png",
    ]
    for (name, frames, encoding) in [
      ("one.mp4", 1, ["-c:v", "libx264"]), ("one.avi", 1, ["-c:v", "libxvid"]),
      ("palette.mov", 3, palette),
    ] {
      let file = try scratch.mint(name, frames: frames, encoding)
      var reader = try VideoReader(opening: file)
      let video = try reader.readAll(shortSide: 50)
      let expected = try FFmpegTool.frames(of: file, size: video.size, in: scratch)
      #expect(video.frameCount == frames)
      #expect((largestDifference(video.pixels, expected) ?? 255) <= 1, "\(name)")
      let window = ClipWindow(start: frames - 1, frames: 9, stride: 2)
      let pixels = try reader.read(window, crop: nil, scaledTo: video.size)
      #expect(pixels == video.frames(window), "\(name)")
    }
  }

  @Test(
    "that is small and decodes to very much is stopped",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), .timeLimit(.minutes(10)))
  func bomb() throws {
    let scratch = try #require(scratch)
    let file = scratch.path("bomb.mkv")
    // Copies of a still picture take some bytes each.
    try FFmpegTool.run([
      "-f", "lavfi", "-i", "color=c=gray:size=64x64:rate=25", "-frames:v", "2000", "-c:v",
      "libx264",
      "-g", "9999", file,
    ])
    var reader = try VideoReader(opening: file)
    #expect(try reader.frameCount() == 2000)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file)).count
    #expect(2000 * 64 * 64 < DecodingCursor.allowance(bytes))
    #expect(DecodingCursor.allowance(0) == 1 << 32)
    // The same file, were it allowed a frame less.
    let limit = 2000 * 64 * 64 - 1
    let stopped = error { () throws(VideoError) in
      var reader = try VideoReader(opening: file, bytes: nil, index: nil, allowance: limit)
      _ = try reader.readAll(shortSide: 8)
    }
    #expect(stopped?.reason.contains("decodes to more than \(limit) pixels") == true)
  }
}
