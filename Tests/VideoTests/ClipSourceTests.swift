import Foundation
import Tensors
import Testing

@testable import Video

@Suite("The clip source") struct ClipSourceTests {
  let manifest: Manifest

  init() throws {
    let all = try Manifest(reading: SampleSet.root, split: .train, seed: 1)
    manifest = Manifest(samples: Array(all.samples.prefix(8)), seed: 1)
  }

  private func source(bytes: Int, seed: UInt64 = 7) -> ClipSource {
    ClipSource(
      manifest: manifest, settings: VideoSettings(), augmentation: AugmentationSettings(),
      byteLimit: bytes, seed: seed)
  }

  private func view(_ source: ClipSource, _ sample: Int, epoch: Int = 1, view: Int = 0) throws
    -> [Float]
  {
    var clip = [Float](repeating: .nan, count: source.clipElements)
    try unsafe clip.withUnsafeMutableBufferPointer { clip in
      try unsafe source.augmentedClip(sample: sample, epoch: epoch, view: view, into: clip)
    }
    return clip
  }

  @Test("gives a view that depends on seed, epoch, sample and view alone")
  func named() throws {
    let (kept, unkept) = (source(bytes: 1 << 30), source(bytes: 0))
    let clip = try view(kept, 3)
    #expect(clip.count == 3 * 8 * 48 * 48 && clip.allSatisfy(\.isFinite))
    _ = try view(unkept, 5)
    #expect(try view(unkept, 3) == clip && view(kept, 3) == clip)
    #expect(try view(kept, 3, epoch: 2) != clip && view(kept, 3, view: 1) != clip)
    #expect(try view(kept, 4) != clip && view(source(bytes: 0, seed: 8), 3) != clip)
  }

  @Test("gives evaluation clips that are the centred windows of the video")
  func evaluation() throws {
    let source = source(bytes: 1 << 30)
    for k in 0..<3 {
      var last: ClipSource.DecodedWindow?
      var clip = [Float](repeating: .nan, count: source.clipElements)
      try unsafe clip.withUnsafeMutableBufferPointer { clip in
        try unsafe source.evaluationClip(sample: 2, clip: k, of: 3, after: &last, into: clip)
      }
      let video = try source.frames.video(2)
      #expect(try source.check(sample: 2) == video.frameCount)
      let window = ClipSampler.uniform(
        k, of: 3, frameCount: video.frameCount, frames: 8, stride: 3)
      let naive = NaiveClip(
        pixels: video.frames(window), frames: 8, of: video.size,
        crop: CropRectangle(centredIn: video.size, side: 48), to: 48, isFlipped: false)
      let far = zip(naive.normalised(AugmentationSettings()), clip)
        .reduce(0) { max($0, abs($1.0 - Double($1.1))) }
      #expect(far < 1e-4)
    }
  }

  @Test("gives ten crops of each window, one window after the other, and decodes each window once")
  func tenCrops() throws {
    let (source, unkept) = (source(bytes: 1 << 30), source(bytes: 0))
    let view = EvaluationView(placement: .parts, framing: .pixels, crops: .ten)
    func clip(
      _ k: Int, of n: Int, _ view: EvaluationView, sample: Int = 2, in source: ClipSource,
      after last: inout ClipSource.DecodedWindow?
    ) throws -> [Float] {
      var clip = [Float](repeating: .nan, count: source.clipElements)
      try unsafe clip.withUnsafeMutableBufferPointer { clip in
        try unsafe source.evaluationClip(
          sample: sample, clip: k, of: n, view: view, after: &last, into: clip)
      }
      return clip
    }
    func clip(_ k: Int, of n: Int, _ view: EvaluationView) throws -> [Float] {
      var last: ClipSource.DecodedWindow?
      return try clip(k, of: n, view, in: source, after: &last)
    }
    var last: ClipSource.DecodedWindow?
    _ = try unkept.check(sample: 2)
    let before = unkept.frames.decodes
    for k in 0..<20 {
      #expect(try clip(k, of: 2, view, in: unkept, after: &last) == clip(k, of: 2, view))
    }
    #expect(unkept.frames.decodes == before + 2)
    // Another video's window is another one, wherever it lies.
    var none: ClipSource.DecodedWindow?
    #expect(
      try clip(19, of: 2, view, sample: 3, in: unkept, after: &last)
        == clip(19, of: 2, view, sample: 3, in: source, after: &none))
    for window in 0..<2 {
      let middle = try clip(window, of: 2, .standard)
      #expect(try clip(10 * window + 4, of: 2, view) == middle)
      let mirrored = try clip(10 * window + 9, of: 2, view)
      for row in stride(from: 0, to: middle.count, by: 48) {
        #expect(Array(mirrored[row..<row + 48]) == middle[row..<row + 48].reversed())
      }
      #expect(try Set((0..<10).map { try clip(10 * window + $0, of: 2, view) }).count == 10)
    }
  }

  @Test("gives many lanes the clips that one lane gets", .timeLimit(.minutes(10)))
  func lanes() throws {
    let (one, many) = (source(bytes: 1 << 30), source(bytes: 1 << 20))
    let expected = try (0..<16).map { try view(one, $0 % 8, view: $0 / 8) }
    try LanePool(count: 4).forEach(16) { block in
      let clip = try view(many, block % 8, view: block / 8)
      if clip != expected[block] { throw VideoError(path: "block \(block)", reason: "differs") }
    }
  }

  @Test("names the file that cannot be decoded")
  func bad() throws {
    let scratch = try Scratch()
    let file = try scratch.write("bad.avi", "no video")
    let source = ClipSource(
      manifest: Manifest(samples: [Sample(id: "bad.avi", path: file)], seed: 1),
      settings: VideoSettings(), augmentation: AugmentationSettings(), byteLimit: 0, seed: 1)
    #expect(error { () throws(VideoError) in _ = try source.check(sample: 0) }?.path == file)
    #expect(throws: VideoError.self) { try view(source, 0) }
  }
}
