import Foundation
import Tensors
import Testing

@testable import Video

/// Every way to say when a frame is shown, and every way to predict it, that real files have.
@Suite("Seeking", .serialized) struct SeekingTests {
  let scratch = try? Scratch()

  /// Files with at least one start beside the first frame, unless `starts` says otherwise.
  static let zoo: [Zoo] = [
    Zoo("xvid.avi", "-c:v libxvid -q:v 5 -g 12"),
    Zoo("packed.avi", "-c:v libxvid -q:v 5 -bf 2 -g 15"),
    Zoo("mpeg4-b.avi", "-c:v mpeg4 -q:v 5 -bf 2 -g 12"),
    Zoo("pyramid.mp4", "-c:v libx264 -bf 8 -x264-params b-pyramid=normal:b-adapt=0:keyint=16"),
    Zoo("long.mp4", "-c:v libx264 -bf 3 -g 250 -sc_threshold 0"),
    Zoo("h264.avi", "-c:v libx264 -bf 2 -g 12"),
    Zoo("h264.ts", "-c:v libx264 -bf 2 -g 12"),
    Zoo("h264.mkv", "-c:v libx264 -bf 3 -g 12"),
    Zoo("h264.flv", "-c:v libx264 -bf 2 -g 12"),
    Zoo("open-264.mp4", "-c:v libx264 -bf 3 -g 10 -x264-params open-gop=1", starts: 1...1),
    Zoo("open-264.mkv", "-c:v libx264 -bf 3 -g 10 -x264-params open-gop=1", starts: 1...1),
    Zoo("open-265.mp4", "-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=10:bframes=4"),
    Zoo("closed-265.mkv", "-c:v libx265 -x265-params log-level=none:open-gop=0:keyint=10"),
    Zoo("interlaced.mp4", "-vf scale=160:120 -c:v libx264 -flags +ilme+ildct -g 10"),
    Zoo("field-coded.mpg", "-c:v mpeg2video -flags +ilme+ildct -bf 2 -g 9 -q:v 5"),
    Zoo("mpeg4.ts", "-c:v mpeg4 -q:v 5 -bf 2 -g 12", starts: 1...40),
    Zoo("mpeg2.ts", "-c:v mpeg2video -bf 2 -g 9 -q:v 5"),
    Zoo("mpeg1.mpg", "-c:v mpeg1video -bf 2 -g 9 -q:v 5"),
    Zoo("vp9.webm", "-c:v libvpx-vp9 -g 10 -lag-in-frames 10 -auto-alt-ref 1 -cpu-used 8"),
    Zoo("vp8.webm", "-c:v libvpx -g 10 -auto-alt-ref 1 -lag-in-frames 10 -cpu-used 8"),
    Zoo("av1.mp4", "-vf scale=80:60 -c:v libaom-av1 -g 10 -cpu-used 8 -row-mt 0"),
    Zoo("theora.ogv", "-c:v libtheora -g 10 -q:v 5", starts: 1...40),
    Zoo("wmv2.asf", "-c:v wmv2 -g 10 -q:v 5", starts: 1...40),
    Zoo("flv1.flv", "-c:v flv1 -g 10 -q:v 5"),
    Zoo("h263.3gp", "-s 176x144 -c:v h263 -g 10 -q:v 5"),
    Zoo("pictures.avi", "-c:v mjpeg -q:v 5 -pix_fmt yuvj420p"),
    Zoo("lossless.mkv", "-c:v ffv1 -g 10", starts: 0...0),
    Zoo("gaps.mp4", "-vf select='not(eq(mod(n\\,3)\\,1))' -vsync vfr -c:v libx264 -g 12"),
    Zoo("gaps.mkv", "-vf select='lt(mod(n\\,7)\\,4)' -vsync vfr -c:v libx264 -g 8"),
    Zoo("negative.mp4", "-c:v libx264 -bf 3 -g 12 -movflags +negative_cts_offsets"),
    Zoo("fragments.mp4", "-c:v libx264 -bf 2 -g 12 -movflags frag_keyframe+empty_moov"),
    Zoo("tail.mp4", "-c:v libx264 -bf 3 -g 12", cut: "-ss 0.7"),
    Zoo("tail.mkv", "-c:v libx264 -bf 3 -g 12", cut: "-ss 0.7", starts: 1...40),
    Zoo("no-times.avi", "-c:v mpeg4 -q:v 5 -g 12", cut: "-fflags +igndts", starts: 1...40),
    Zoo(
      "same-times.mkv", "-c:v libx264 -bf 0 -g 12 -bsf:v setts=ts='floor(N/3)*3'", starts: 1...40),
    Zoo("phone.m4v", "-c:v mpeg4 -q:v 5 -g 12"),
    Zoo("raw.m4v", "-c:v mpeg4 -q:v 5 -g 12 -f m4v", starts: 0...0),
  ]

  /// A file of the zoo, and how it is made.
  struct Zoo: CustomTestStringConvertible, Sendable {
    let file: String
    let encoding: [String]
    /// Options for a copy that leaves things out, as cutting without encoding does.
    let cut: [String]
    let starts: ClosedRange<Int>

    init(_ file: String, _ encoding: String, cut: String = "", starts: ClosedRange<Int> = 2...60) {
      func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
      self.file = file
      self.encoding = words(encoding)
      self.cut = words(cut)
      self.starts = starts
    }

    var testDescription: String { file }

    func mint(in scratch: Scratch) throws -> String {
      let whole = try scratch.mint(file, frames: 50, encoding)
      if cut.isEmpty { return whole }
      let path = scratch.path("cut-" + file)
      try FFmpegTool.run(cut + ["-i", whole, "-c", "copy", path])
      return path
    }
  }

  @Test(
    "gives the frames that the ffmpeg tool gives, whatever was read before",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), .timeLimit(.minutes(10)),
    arguments: zoo)
  func exact(animal: Zoo) throws {
    let scratch = try #require(scratch)
    let file = try animal.mint(in: scratch)
    let (index, video) = try learn(file)
    let expected = try FFmpegTool.frames(of: file, size: video.size, in: scratch)
    #expect(largestDifference(video.pixels, expected) == 0)
    // "long" has one group of pictures, shorter than its frames.
    let starts = animal.file == "long.mp4" ? 1...1 : animal.starts
    #expect(starts.contains(index.starts.count), "\(index.starts.count) starts")
    // libav cannot seek in MPEG program streams reliably; they are then read from their beginning.
    try check(file, index, video, keepsStarts: !file.hasSuffix(".mpg"))
  }

  /// Files from elsewhere, which `Tests/real-videos.sh` fetches.
  static let realFiles: [String] = {
    guard let folder = ProcessInfo.processInfo.environment["KINDREEL_REAL_VIDEOS"] else {
      return []
    }
    return ((try? VideoFolder(folder).files()) ?? []).map { VideoFolder.join(folder, $0) }
  }()

  @Test(
    "is exact in real files",
    .enabled(if: !realFiles.isEmpty, "KINDREEL_REAL_VIDEOS names no folder of videos"),
    .timeLimit(.minutes(10)), arguments: realFiles)
  func real(file: String) throws {
    let scratch = try #require(scratch)
    let (index, video) = try learn(file)
    let expected = try FFmpegTool.frames(of: file, size: video.size, in: scratch)
    #expect(largestDifference(video.pixels, expected) == 0)
    print("\(file): \(index.frameCount) frames, \(index.starts.count) starts")
    try check(file, index, video, keepsStarts: false)
  }

  /// Damaged files that libav decodes without a complaint, found by fuzzing: their decoder keeps something
  /// of what it saw before, so that a start comes to other pictures.
  static let misleading = ["first-packet-lost.avi", "learns-from-itself.avi", "repeated-first.avi"]

  @Test("is given up where a start comes to another picture", arguments: misleading)
  func misled(name: String) throws {
    let corpus = URL(fileURLWithPath: #filePath).appending(path: "../../Fuzz/corpus/Video")
    let file = corpus.standardized.appending(path: name).path
    let (index, video) = try learn(file)
    let open = try check(file, index, video, keepsStarts: false)
    // Other versions of libav may notice the damage, or forget more at a seek.
    guard LibAVVersion.text.contains("avcodec 59.") else { return }
    #expect(!index.starts.isEmpty && !index.isDamaged && open?.starts == [])
  }

  /// Decodes a file in one go.
  private func learn(_ file: String) throws -> (FrameIndex, DecodedVideo) {
    var reader = try VideoReader(opening: file)
    let video = try reader.readAll(shortSide: 40)
    return (try reader.wholeIndex(), video)
  }

  /// Reads windows from an open reader and from a new one, and returns what the open one then knows.
  @discardableResult private func check(
    _ file: String, _ index: FrameIndex, _ video: DecodedVideo, keepsStarts: Bool = true
  ) throws -> FrameIndex? {
    var random = RandomStream(seed: 3, purpose: .test)
    var open = try VideoReader(opening: file, bytes: nil, index: index)
    for round in 0..<24 {
      let window = ClipWindow(
        start: random.integer(below: video.frameCount), frames: 1 + random.integer(below: 6),
        stride: 1 + random.integer(below: 4))
      let pixels = try open.read(window, crop: nil, scaledTo: video.size)
      #expect(largestDifference(pixels, video.frames(window)) == 0, "\(window)")
      guard round % 4 == 0 else { continue }
      var fresh = try VideoReader(opening: file, bytes: nil, index: index)
      let anew = try fresh.read(window, crop: nil, scaledTo: video.size)
      #expect(largestDifference(anew, video.frames(window)) == 0, "\(window)")
    }
    #expect(!keepsStarts || open.index?.starts == index.starts, "a start proved wrong")
    return open.index
  }

  @Test(
    "is given up where a file is damaged", .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: ["noise.avi", "noise.mp4"])
  func damaged(name: String) throws {
    let scratch = try #require(scratch)
    let codec = name.hasSuffix("avi") ? "libxvid" : "libx264"
    let file = try scratch.mint(name, ["-c:v", codec, "-g", "10"])
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    for place in stride(from: bytes.count / 3, to: bytes.count / 2, by: 997) {
      bytes[place] ^= 0x55
    }
    try bytes.write(to: URL(fileURLWithPath: file))
    let (index, video) = try learn(file)
    #expect(index.isDamaged && index.starts.isEmpty && index.frameOfPacket == nil)
    try check(file, index, video)
  }

  @Test(
    "works within a range of a larger file",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: ["part.mp4", "part.avi", "part.mkv"])
  func range(name: String) throws {
    let scratch = try #require(scratch)
    let codec = name.hasSuffix("avi") ? "libxvid" : "libx264"
    let file = try scratch.mint(name, ["-c:v", codec, "-g", "10"])
    let (index, video) = try learn(file)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    let larger = scratch.path("larger.bin")
    try (Data(repeating: 7, count: 777) + bytes + bytes).write(to: URL(fileURLWithPath: larger))
    let range = 777..<777 + bytes.count
    var reader = try VideoReader(opening: larger, bytes: range, index: nil)
    #expect(try reader.readAll(shortSide: 40).pixels == video.pixels)
    #expect(try reader.wholeIndex() == index)
    let window = ClipWindow(start: 13, frames: 4, stride: 5)
    #expect(try reader.read(window, crop: nil, scaledTo: video.size) == video.frames(window))
    let outside = error { () throws(VideoError) in
      _ = try VideoReader(opening: larger, bytes: 0..<1 << 40, index: nil)
    }
    #expect(outside?.reason.contains("not in a file of") == true)
  }

  @Test("leaves out pictures that nobody needs")
  func dispensable() throws {
    var reader = try VideoReader(opening: SampleSet.someVideo)
    let index = try reader.wholeIndex()
    #expect(index.frameOfPacket?.count == index.packetCount)
    #expect(index.frameOfPacket.map { Set($0).count } == index.frameCount)
    #expect(index.start(before: 0)?.frame == 0 && index.keyFrames.first == 0)
    #expect(index.start(before: index.frameCount - 1).map { $0.frame < index.frameCount } == true)
  }
}
