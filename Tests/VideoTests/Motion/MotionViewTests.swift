import Foundation
import Tensors
import Testing

@testable import Video

@Suite("A view of motion vectors") struct MotionViewTests {
  private let frame = PixelSize(width: 80, height: 60)

  /// Two frames on a grid of 20×15: a velocity of its own in every cell.
  private let video: MotionVideo = {
    var video = MotionVideo(grid: PixelSize(width: 20, height: 15))
    var random = RandomStream(seed: 6, purpose: .test)
    for _ in 0..<2 {
      video.append(
        (0..<300).flatMap { _ in
          [
            Int16(random.integer(below: 801) - 400), Int16(random.integer(below: 801) - 400),
            Int16(random.integer(below: 257)),
          ]
        })
    }
    return video
  }()

  private func clip(
    _ draw: ClipAugmentation.Draw, of video: MotionVideo? = nil, indices: [Int] = [0, 1],
    side: Int = 16
  ) -> [Float] {
    var clip = [Float](repeating: .nan, count: 3 * indices.count * side * side)
    let view = MotionView(video: video ?? self.video, draw: draw, frame: frame, side: side)
    unsafe clip.withUnsafeMutableBufferPointer { unsafe view.apply(indices: indices, into: $0) }
    return clip
  }

  private func draw(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> ClipAugmentation.Draw {
    ClipAugmentation.Draw(crop: CropRectangle(x: x, y: y, width: width, height: height))
  }

  @Test("is the grid, cropped and scaled as pixels are")
  func matches() {
    let (x0, y0, width, height) = (7, 4, 61, 43)
    let values = clip(draw(x0, y0, width, height), indices: [1, 0])
    for (place, index) in [1, 0].enumerated() {
      for y in 0..<16 {
        for x in 0..<16 {
          // The middle of the view's pixel, in cells whose middles are at halves.
          let column = (Double(x0) + (Double(x) + 0.5) * Double(width) / 16) / 4 - 0.5
          let row = (Double(y0) + (Double(y) + 0.5) * Double(height) / 16) / 4 - 0.5
          var sums = [0.0, 0.0, 0.0]
          for cell in 0..<300 {
            let near =
              max(0, 1 - abs(column - Double(cell % 20)))
              * max(0, 1 - abs(row - Double(cell / 20)))
            for channel in 0..<3 {
              sums[channel] += near * Double(video.cells[index * 900 + cell * 3 + channel])
            }
          }
          let speeds = [
            sums[0] / 16_384 * 80 / Double(width) * 16, sums[1] / 16_384 * 60 / Double(height) * 16,
            sums[2] / 256,
          ]
          for channel in 0..<3 {
            let ours = Double(values[(channel * 2 + place) * 256 + y * 16 + x])
            #expect(abs(ours - min(1, max(-1, speeds[channel]))) < 1e-4)
          }
        }
      }
    }
  }

  @Test("turns the sign of what moves right when it is mirrored")
  func mirrored() {
    var draw = draw(10, 5, 50, 40)
    let plain = clip(draw)
    draw.isFlipped = true
    let mirrored = clip(draw)
    for index in plain.indices {
      let opposite = index / 16 * 16 + 15 - index % 16
      #expect(mirrored[index] == (index < 512 ? -plain[opposite] : plain[opposite]))
    }
  }

  @Test("turns the vectors with the picture")
  func turned() {
    var draw = draw(0, 0, 60, 60)
    let plain = clip(draw)
    draw.rotation = 90
    let turned = clip(draw)
    for place in 0..<2 {
      for y in 0..<16 {
        for x in 0..<16 {
          // Counter-clockwise: what was at the right is on top, what moved right moves up.
          let from = place * 256 + x * 16 + 15 - y
          let at = place * 256 + y * 16 + x
          #expect(abs(turned[at] - plain[512 + from]) < 1e-3)
          #expect(abs(turned[512 + at] + plain[from]) < 1e-3)
          #expect(abs(turned[1024 + at] - plain[1024 + from]) < 1e-3)
        }
      }
    }
  }

  @Test("is 1 at a sixteenth of what is shown, and no more")
  func scale() {
    var video = MotionVideo(grid: PixelSize(width: 20, height: 15))
    video.append(Array(repeating: [512, -256, 256] as [Int16], count: 300).flatMap { $0 })
    let half = clip(draw(0, 0, 80, 60), of: video, indices: [0])
    #expect(half[0..<256].allSatisfy { abs($0 - 0.5) < 1e-6 })
    #expect(half[256..<512].allSatisfy { abs($0 + 0.25) < 1e-6 })
    #expect(half[512...].allSatisfy { $0 == 1 })
    let close = clip(draw(20, 15, 20, 15), of: video, indices: [0])
    #expect(close[0..<256].allSatisfy { $0 == 1 } && close[256..<512].allSatisfy { $0 == -1 })
  }

  @Test("comes from the file like any other, and depends on its name alone")
  func source() throws {
    let manifest = Manifest(
      samples: [Sample(id: "walk", path: SampleSet.someVideo)], seed: 1)
    func clip(
      _ epoch: Int, bytes: Int, view: String = "same+mv", share: Float = 0
    ) throws -> [Float] {
      var augmentation = AugmentationSettings()
      augmentation.motionVectors = share
      let source = ClipSource(
        manifest: manifest, settings: VideoSettings(), augmentation: augmentation,
        views: [ViewRecipe(), try #require(ViewRecipe(view))], byteLimit: bytes, seed: 3)
      var clip = [Float](repeating: .nan, count: source.clipElements)
      for _ in 0..<2 {
        try unsafe clip.withUnsafeMutableBufferPointer { clip in
          try unsafe source.augmentedClip(sample: 0, epoch: epoch, view: 1, into: clip)
        }
      }
      return clip
    }
    let values = try clip(1, bytes: 1 << 30)
    #expect(values.allSatisfy { (-1...1).contains($0) } && Set(values).count > 20)
    #expect(try clip(1, bytes: 0) == values && clip(2, bytes: 0) != values)
    // In place of colours, where chance says so.
    for bytes in [0, 1 << 30] {
      #expect(try clip(1, bytes: bytes, view: "same", share: 1) == values)
    }
    // Backwards everything moves the other way, and in one frame nothing does.
    let elements = values.count / 3
    let frames = 8
    let size = elements / frames
    let back = try clip(1, bytes: 0, view: "same+reverse+mv")
    for frame in 0..<frames {
      let (there, here) = (frame * size, (frames - 1 - frame) * size)
      #expect(zip(back[here..<here + size], values[there..<there + size]).allSatisfy { $0 == -$1 })
    }
    #expect(
      try clip(1, bytes: 0, view: "same+repeat+mv").prefix(2 * elements).allSatisfy { $0 == 0 })
    #expect(try clip(1, bytes: 0, view: "same") != values)
  }
}
