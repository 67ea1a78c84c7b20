import Foundation
import Synchronization
import Tensors
import Testing

@testable import Video

@Suite("The frame cache") struct FrameCacheTests {
  let manifest: Manifest

  init() throws {
    let all = try Manifest(reading: SampleSet.root, split: .test, seed: 1)
    manifest = Manifest(samples: Array(all.samples.prefix(6)), seed: 1)
  }

  private func cache(_ bytes: Int) -> FrameCache {
    FrameCache(manifest: manifest, shortSide: 60, byteLimit: bytes)
  }

  @Test("gives the same bytes whether it keeps everything, something or nothing")
  func transparent() throws {
    let full = cache(1 << 30)
    let some = cache(2 << 20)
    let none = cache(0)
    for sample in manifest.samples.indices {
      let count = try full.frameCount(sample)
      #expect(try some.frameCount(sample) == count && none.frameCount(sample) == count)
      for start in [0, count / 2, count - 1] {
        let window = ClipWindow(start: start, frames: 5, stride: 7)
        let expected = try full.frames(sample, window)
        for other in [some, none] {
          let (pixels, size) = try other.frames(sample, window)
          #expect(pixels == expected.pixels && size == expected.size)
        }
      }
      #expect(try none.video(sample).pixels == full.video(sample).pixels)
    }
    #expect(full.decodes == 6 && full.hits == 6 * 4)
    #expect(some.bytes > 0 && some.bytes <= 2 << 20 && some.hits > 0)
    #expect(none.bytes == 0 && none.hits == 0 && none.decodes == 6 * 5)
  }

  @Test("counts a video once, however often it is asked")
  func counts() throws {
    let none = cache(0)
    for _ in 0..<5 { _ = try none.frameCount(3) }
    #expect(none.decodes == 1)
  }

  @Test("remembers why a file cannot be decoded")
  func remembers() throws {
    let scratch = try Scratch()
    let file = try scratch.write("page.mp4", "<html></html>")
    let manifest = Manifest(samples: [Sample(id: "page.mp4", path: file)], seed: 1)
    let cache = FrameCache(manifest: manifest, shortSide: 60, byteLimit: 1 << 20)
    let first = error { () throws(VideoError) in _ = try cache.video(0) }
    let second = error { () throws(VideoError) in _ = try cache.frameCount(0) }
    #expect(first?.path == file && first == second)
    #expect(cache.decodes == 1)
  }

  @Test("serves many lanes at once and decodes each video once", .timeLimit(.minutes(10)))
  func lanes() throws {
    let cache = cache(1 << 30)
    let alone = self.cache(1 << 30)
    let window = ClipWindow(start: 3, frames: 8, stride: 3)
    let expected = try manifest.samples.indices.map { try alone.frames($0, window).pixels }
    let wrong = Mutex(0)
    try LanePool(count: 4).forEach(48) { block in
      let sample = block % 6
      if try cache.frames(sample, window).pixels != expected[sample] { wrong.withLock { $0 += 1 } }
    }
    #expect(wrong.withLock { $0 } == 0)
    #expect(cache.decodes == 6 && cache.hits == 42)
  }

  @Test(
    "lets other samples through while a large one is being decoded",
    .enabled(if: FFmpegTool.isInstalled, FFmpegTool.reason), .timeLimit(.minutes(10)))
  func concurrent() throws {
    let scratch = try Scratch()
    let large = scratch.path("large.avi")
    try FFmpegTool.run(
      FFmpegTool.source(frames: 100, size: "1280x720") + ["-c:v", "mpeg4", "-q:v", "5", large])
    let samples = [
      Sample(id: "large", path: large), Sample(id: "small", path: SampleSet.someVideo),
    ]
    let manifest = Manifest(samples: samples, seed: 1)
    let cache = FrameCache(manifest: manifest, shortSide: 60, byteLimit: 1 << 30)
    let finished = Mutex<[String]>([])
    try LanePool(count: 2).run { lane in
      _ = try cache.frameCount(lane)
      finished.withLock { $0.append(manifest.samples[lane].id) }
    }
    #expect(finished.withLock { $0 } == ["small", "large"])
  }
}
