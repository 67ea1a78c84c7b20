import Foundation
import Synchronization
import Testing

@testable import Video

@Suite("The codec's motion", .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason))
struct MotionReaderTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// A soft texture that moves by 2 pixels left and 1 up in every frame of 160×128.
  private func mint(_ name: String, frames: Int = 24, _ encoding: [String]) throws -> String {
    let still = scratch.path("still.png")
    if !FileManager.default.fileExists(atPath: still) {
      try FFmpegTool.run([
        "-f", "lavfi", "-i", "color=gray:size=400x300,format=gray", "-vf",
        "noise=alls=100:allf=u:all_seed=3,boxblur=4:2,eq=contrast=8,format=yuv420p",
        "-frames:v", "1", still,
      ])
    }
    try FFmpegTool.run(
      [
        "-loop", "1", "-framerate", "25", "-i", still, "-frames:v", "\(frames)", "-vf",
        "crop=160:128:40+2*n:60+n,format=yuv420p",
      ] + encoding + [scratch.path(name)])
    return scratch.path(name)
  }

  /// The median velocity of a frame in pixels, and the share of its cells that have vectors.
  private func median(_ video: MotionVideo, _ frame: Int) -> (x: Float, y: Float, share: Float) {
    let numbers = video.cells[frame * video.frameLength..<(frame + 1) * video.frameLength]
    let cells = stride(from: numbers.startIndex, to: numbers.endIndex, by: 3)
      .filter { numbers[$0 + 2] >= 128 }
    func middle(_ offset: Int) -> Float {
      let sorted = cells.map { numbers[$0 + offset] }.sorted()
      return sorted.isEmpty ? 0 : Float(sorted[sorted.count / 2])
    }
    return (
      middle(0) / MotionVideo.unit * 160, middle(1) / MotionVideo.unit * 128,
      Float(cells.count * 3) / Float(video.frameLength)
    )
  }

  @Test(
    "of a moving picture is how it moves",
    arguments: [
      ("plain.avi", ["-c:v", "mpeg4", "-qscale:v", "2", "-g", "12"]),
      ("both.avi", ["-c:v", "mpeg4", "-qscale:v", "2", "-bf", "2"]),
      ("quarter.avi", ["-c:v", "mpeg4", "-qscale:v", "2", "-flags", "+qpel"]),
      ("plain.mp4", ["-c:v", "libx264", "-crf", "10", "-bf", "0", "-refs", "1"]),
      (
        "both.mp4",
        ["-c:v", "libx264", "-crf", "10", "-bf", "2", "-x264-params", "ref=1:b-pyramid=none"]
      ),
      ("usual.mp4", ["-c:v", "libx264", "-crf", "10"]),
    ])
  func translation(name: String, encoding: [String]) throws {
    let video = try MotionReader(opening: try mint(name, encoding)).read()
    #expect(video.frameCount == 24 && video.grid == PixelSize(width: 20, height: 16))
    let wrong = (1..<24).filter { frame in
      let (x, y, share) = median(video, frame)
      return abs(x + 2) > 0.1 || abs(y + 1) > 0.1 || share < 0.75
    }
    // With x264's own settings a picture may refer to one that does not look like a reference.
    #expect(wrong.count <= (name == "usual.mp4" ? 2 : 0), "frames \(wrong) of \(name)")
    let first = median(video, 0)
    #expect(first.share == 0)
  }

  @Test("is nothing where every frame is its own, or the codec tells nothing")
  func intra() throws {
    for (name, encoding) in [
      ("intra.avi", ["-c:v", "mpeg4", "-g", "1"]), ("other.avi", ["-c:v", "ffv1"]),
    ] {
      let video = try MotionReader(opening: try mint(name, frames: 5, encoding)).read()
      #expect(video.frameCount == 5 && video.cells.allSatisfy { $0 == 0 })
      #expect(video.silentCodec == (name == "intra.avi" ? "mpeg4" : "ffv1"))
    }
  }

  @Test("is said to be missing, once for each codec, with its name")
  func silence() throws {
    let coded = try mint("coded.mp4", frames: 8, ["-c:v", "libx264"])
    let silent = try mint("silent.avi", frames: 8, ["-c:v", "ffv1"])
    let samples = [("a", silent), ("b", silent), ("c", coded)].map { Sample(id: $0.0, path: $0.1) }
    let said = Mutex<[String]>([])
    let cache = MotionCache(manifest: Manifest(samples: samples, seed: 1), byteLimit: 1 << 20) {
      text in said.withLock { $0.append(text) }
    }
    for sample in 0..<3 { _ = try cache.video(sample) }
    let texts = said.withLock { $0 }
    #expect(texts.count == 1 && texts.first?.contains("ffv1") == true)
  }

  @Test("of an intra frame is that of the frame before")
  func repeats() throws {
    let file = try mint("groups.avi", ["-c:v", "mpeg4", "-qscale:v", "2", "-g", "6"])
    let video = try MotionReader(opening: file).read()
    func cells(_ frame: Int) -> ArraySlice<Int16> {
      video.cells[frame * video.frameLength..<(frame + 1) * video.frameLength]
    }
    for key in [6, 12, 18] { #expect(cells(key).elementsEqual(cells(key - 1))) }
    #expect(cells(6).contains { $0 < 0 })
  }

  @Test("stops where it is told, and names what cannot be decoded")
  func limits() throws {
    let file = try mint("short.avi", ["-c:v", "mpeg4", "-bf", "2"])
    let all = try MotionReader(opening: file).read()
    let some = try MotionReader(opening: file).read(atMost: 5)
    #expect(some.frameCount >= 5)
    #expect(all.cells.starts(with: some.cells))
    let bad = try scratch.write("bad.avi", "no video")
    let failure = error { () throws(VideoError) in _ = try MotionReader(opening: bad).read() }
    #expect(failure?.path == bad)
  }
}
