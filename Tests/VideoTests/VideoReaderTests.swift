import Foundation
import Testing

@testable import Video

/// One way of encoding, as the two data sets and the wild have them.
struct Encoding: CustomTestStringConvertible, Sendable {
  let file: String
  let arguments: [String]
  var testDescription: String { file }

  static let all = [
    Encoding(file: "xvid.avi", arguments: ["-c:v", "libxvid", "-q:v", "5", "-g", "12"]),
    Encoding(
      file: "packed-b-frames.avi", arguments: ["-c:v", "libxvid", "-q:v", "5", "-bf", "2"]),
    Encoding(file: "b-frames.avi", arguments: ["-c:v", "mpeg4", "-q:v", "5", "-bf", "2"]),
    Encoding(file: "b-frames.mp4", arguments: ["-c:v", "libx264", "-bf", "3", "-g", "250"]),
    Encoding(
      file: "open-gop.mkv",
      arguments: ["-c:v", "libx264", "-bf", "3", "-g", "10", "-x264opts", "open-gop=1"]),
    Encoding(
      file: "vp9.webm",
      arguments: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]
    ),
    Encoding(file: "mpeg2.mpg", arguments: ["-c:v", "mpeg2video", "-q:v", "5", "-bf", "2"]),
    Encoding(
      file: "variable-rate.mp4",
      arguments: ["-vf", "select='not(eq(mod(n,3),1))'", "-vsync", "vfr", "-c:v", "libx264"]),
    Encoding(
      file: "full-range-709.mp4",
      arguments: [
        "-vf", "scale=out_range=full:out_color_matrix=bt709,format=yuv420p", "-color_range", "pc",
        "-colorspace", "bt709", "-c:v", "libx264",
      ]),
    Encoding(file: "rgb.mkv", arguments: ["-c:v", "ffv1", "-pix_fmt", "gbrp"]),
    Encoding(file: "gray.mkv", arguments: ["-c:v", "ffv1", "-pix_fmt", "gray"]),
    Encoding(file: "ten-bits.mkv", arguments: ["-c:v", "ffv1", "-pix_fmt", "yuv422p10le"]),
    Encoding(file: "palette-alpha.mkv", arguments: ["-c:v", "ffv1", "-pix_fmt", "bgra"]),
  ]
}

@Suite("The reader") struct VideoReaderTests {
  let scratch = try? Scratch()

  @Test(
    "decodes what the ffmpeg tool decodes, frame by frame",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), arguments: Encoding.all)
  func agreesWithTool(encoding: Encoding) throws {
    let scratch = try #require(scratch)
    let file = try scratch.mint(encoding.file, encoding.arguments)
    var reader = try VideoReader(opening: file)
    #expect(reader.size == PixelSize(width: 162, height: 122))
    for size in [reader.size, PixelSize(width: 80, height: 60)] {
      let expected = try FFmpegTool.frames(of: file, size: size, in: scratch)
      let video = try reader.readAll(shortSide: size.height)
      #expect(video.size == size)
      #expect(video.frameCount * size.width * size.height * 3 == expected.count)
      #expect(largestDifference(video.pixels, expected) == 0)
    }
  }

  @Test(
    "decodes the videos of the sample set as the tool does",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func agreesOnSampleSet() throws {
    let scratch = try #require(scratch)
    let manifest = try Manifest(reading: SampleSet.root, split: .train, seed: 3)
    for sample in manifest.samples.prefix(12) {
      var reader = try VideoReader(opening: sample.path)
      let video = try reader.readAll(shortSide: 60)
      let expected = try FFmpegTool.frames(of: sample.path, size: video.size, in: scratch)
      #expect(largestDifference(video.pixels, expected) == 0, "\(sample.id)")
    }
  }

  @Test("gives the same frames by window, in any order, as all at once")
  func windowsAreSlices() throws {
    var reader = try VideoReader(opening: SampleSet.someVideo)
    let video = try reader.readAll(shortSide: 60)
    for (start, stride) in [(20, 3), (0, 1), (7, 2), (video.frameCount - 1, 1), (30, 1), (2, 5)] {
      let window = ClipWindow(start: start, frames: 6, stride: stride)
      let pixels = try reader.read(window, crop: nil, scaledTo: video.size)
      #expect(pixels == video.frames(window), "\(window)")
    }
    #expect(try reader.frameCount() == video.frameCount)
  }

  @Test("plays a video in a loop when the window is longer, whether or not its length is known")
  func loops() throws {
    var counted = try VideoReader(opening: SampleSet.someVideo)
    let video = try counted.readAll(shortSide: 30)
    for start in [video.frameCount - 2, video.frameCount + 3, 5] {
      var fresh = try VideoReader(opening: SampleSet.someVideo)
      let window = ClipWindow(start: start, frames: 9, stride: video.frameCount / 3)
      let frameBytes = video.size.width * video.size.height * 3
      let expected = (0..<9).flatMap { place in
        let index = (start + place * window.stride) % video.frameCount
        return video.pixels[index * frameBytes..<(index + 1) * frameBytes]
      }
      #expect(try fresh.read(window, crop: nil, scaledTo: video.size) == expected)
      #expect(try counted.read(window, crop: nil, scaledTo: video.size) == expected)
    }
  }

  @Test(
    "crops before it scales", .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: [
      CropRectangle(x: 0, y: 0, width: 162, height: 122),
      CropRectangle(x: 20, y: 30, width: 80, height: 64),
      CropRectangle(x: 62, y: 2, width: 100, height: 120),
    ])
  func crops(crop: CropRectangle) throws {
    let scratch = try #require(scratch)
    let file = try scratch.mint("crop.mp4", frames: 6)
    let size = PixelSize(width: 48, height: 40)
    let filter = "crop=\(crop.width):\(crop.height):\(crop.x):\(crop.y)"
    let expected = try FFmpegTool.frames(of: file, size: size, in: scratch, before: [filter])
    var reader = try VideoReader(opening: file)
    let window = ClipWindow(start: 0, frames: 6, stride: 1)
    let pixels = try reader.read(window, crop: crop, scaledTo: size)
    #expect(largestDifference(pixels, expected) == 0)
  }

  @Test(
    "shows a rotated video upright", .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: [90, 180, 270])
  func rotates(degrees: Int) throws {
    let scratch = try #require(scratch)
    let plain = try scratch.mint("plain.mp4", frames: 4)
    let file = scratch.path("rotated.mp4")
    try FFmpegTool.run(["-i", plain, "-c", "copy", "-metadata:s:v", "rotate=\(degrees)", file])
    var reader = try VideoReader(opening: file)
    let upright = reader.size
    #expect(upright.width == (degrees == 180 ? 162 : 122))
    // The plain file's pictures, turned by the tool after the conversion to RGB.
    // Its `rotate=90` means a quarter turn to the left.
    let turn = [90: "transpose=cclock", 180: "hflip,vflip", 270: "transpose=clock"]
    let expected = try FFmpegTool.frames(
      of: plain, size: PixelSize(width: 162, height: 122), in: scratch,
      after: [try #require(turn[degrees])])
    let whole = ClipWindow(start: 0, frames: 4, stride: 1)
    let pixels = try reader.read(whole, crop: nil, scaledTo: upright)
    #expect(largestDifference(pixels, expected) == 0)
    // A crop is in upright coordinates: it shows the same part of the upright frame.
    let crop = CropRectangle(x: 10, y: 20, width: 60, height: 40)
    let part = try reader.read(
      whole, crop: crop, scaledTo: PixelSize(width: crop.width, height: crop.height))
    let cut = (0..<4).flatMap { frame in
      (0..<crop.height).flatMap { y in
        let start = ((frame * upright.height + crop.y + y) * upright.width + crop.x) * 3
        return pixels[start..<start + crop.width * 3]
      }
    }
    #expect(meanDifference(part, cut) < 1.5)
  }

  @Test(
    "shows a mirrored file as it is meant", .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason),
    arguments: [
      ([-1, 0, 0, 1], "hflip"), ([1, 0, 0, -1], "vflip"), ([0, 1, 1, 0], "transpose=cclock_flip"),
      ([0, -1, -1, 0], "transpose=clock_flip"),
    ])
  func mirrors(matrix: [Int32], filter: String) throws {
    let scratch = try #require(scratch)
    let file = try scratch.mint("mirrored.mp4", frames: 3)
    let expected = try FFmpegTool.frames(
      of: file, size: PixelSize(width: 162, height: 122), in: scratch, after: [filter])
    // In the track's header, 40 bytes after its name: a, b, 0, c, d in 16.16 fixed point.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    let header = try #require(bytes.range(of: Data("tkhd".utf8))).upperBound + 40
    for (place, value) in zip([0, 1, 3, 4], matrix) {
      let fixed = UInt32(bitPattern: value << 16)
      let word = Data([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: fixed >> $0) })
      bytes.replaceSubrange(header + 4 * place..<header + 4 * place + 4, with: word)
    }
    try bytes.write(to: URL(fileURLWithPath: file))
    var reader = try VideoReader(opening: file)
    let whole = ClipWindow(start: 0, frames: 3, stride: 1)
    let pixels = try reader.read(whole, crop: nil, scaledTo: reader.size)
    #expect(largestDifference(pixels, expected) == 0)
  }

  @Test("undoes all eight ways a picture can be stored")
  func orientations() {
    let stored = PixelSize(width: 3, height: 2)
    for (a, b, c, d) in [
      (1, 0, 0, 1), (-1, 0, 0, 1), (1, 0, 0, -1), (-1, 0, 0, -1),
      (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0),
    ] as [(Int32, Int32, Int32, Int32)] {
      let orientation = Orientation(a: a << 16, b: b << 16, c: c << 16, d: d << 16)
      let shown = orientation.turned(stored)
      // The matrix sends stored to displayed places, up to a shift into the frame.
      for y in 0..<shown.height {
        for x in 0..<shown.width {
          let place = orientation.stored(x: x, y: y, in: stored)
          let x2 = Int(a) * place.x + Int(c) * place.y
          let y2 = Int(b) * place.x + Int(d) * place.y
          #expect((a + c < 0 ? x2 + shown.width - 1 : x2) == x)
          #expect((b + d < 0 ? y2 + shown.height - 1 : y2) == y)
        }
      }
    }
  }

  @Test(
    "stretches frames whose pixels are not square",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
  func pixelAspect() throws {
    let scratch = try #require(scratch)
    let file = try scratch.mint("wide.mp4", frames: 2, ["-vf", "setsar=2", "-c:v", "libx264"])
    var reader = try VideoReader(opening: file)
    #expect(reader.size == PixelSize(width: 162, height: 122))
    #expect(try reader.readAll(shortSide: 61).size == PixelSize(width: 162, height: 61))
  }

  func meanDifference(_ one: [UInt8], _ two: [UInt8]) -> Double {
    guard one.count == two.count else { return .infinity }
    let sum = zip(one, two).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(one.count)
  }
}
