import Testing

@testable import Video

@Suite("Views for evaluation") struct EvaluationViewTests {
  private func starts(_ view: EvaluationView, _ n: Int, _ count: Int) -> [Int] {
    (0..<n).map { view.window($0, of: n, frameCount: count, frames: 16, stride: 1).start }
  }

  private let published = EvaluationView(placement: .ends, framing: .stretched(side: 112))

  @Test("take the ten clips of VCOP's and IIC's retrieval")
  func published10() {
    // numpy: [int(c - 8) for c in numpy.linspace(8, 186 - 8, 10)] for a video of 187 frames.
    #expect(starts(published, 10, 187) == [0, 18, 37, 56, 75, 94, 113, 132, 151, 170])
    #expect(starts(published, 2, 33) == [0, 16])
  }

  @Test("take a single clip from the middle, and short videos from their start")
  func edges() {
    #expect(starts(published, 1, 62) == [23])
    #expect(starts(published, 10, 16) == [Int](repeating: 0, count: 10))
    #expect(starts(published, 3, 5) == [0, 0, 0])
    #expect(starts(.standard, 2, 56) == [10, 30])
  }

  @Test("show corners and middle, as filmed and mirrored, where ten crops are asked for")
  func tenCrops() {
    let frame = PixelSize(width: 171, height: 128)
    let ten = EvaluationView(placement: .parts, framing: .pixels, crops: .ten)
    let draws = (0..<10).map { ten.draw($0, in: frame, size: 112) }
    let places = draws.map { [$0.crop.x, $0.crop.y] }
    #expect(places[..<5] == [[0, 0], [59, 0], [0, 16], [59, 16], [29, 8]])
    #expect(places[5...] == places[..<5])
    #expect(draws.map(\.isFlipped) == (0..<10).map { $0 >= 5 })
    #expect(draws.allSatisfy { $0.crop.width == 112 && $0.crop.height == 112 })
    let middle = EvaluationView.standard.draw(0, in: frame, size: 112)
    #expect(middle == draws[4] && EvaluationView.Crops.centre.count == 1)
    // Seven eighths of the short side are ten crops, too, where the clip is as large as that side.
    let published = EvaluationView(
      placement: .parts, framing: .square(share: 224.0 / 256), crops: .ten)
    let seen = (0..<10).map { published.draw($0, in: frame, size: 128) }
    #expect(seen.map(\.crop) == draws.map(\.crop))
    // A frame that is as large as the crop has one place.
    let small = (0..<10).map { ten.draw($0, in: PixelSize(width: 48, height: 48), size: 48).crop }
    #expect(small.allSatisfy { $0 == CropRectangle(x: 0, y: 0, width: 48, height: 48) })
  }

  @Test("show what the published pixels show, whatever the size of frame and clip")
  func framing() {
    let slic = EvaluationView(placement: .ends, framing: .stretched(side: 128))
    let coclr = EvaluationView(placement: .ends, framing: .square(share: 224.0 / 256))
    let frame = PixelSize(width: 171, height: 128)
    #expect(
      published.crop(of: frame, size: 112) == CropRectangle(x: 29, y: 8, width: 112, height: 112))
    #expect(slic.crop(of: frame, size: 128) == CropRectangle(x: 21, y: 0, width: 128, height: 128))
    // A square frame is stretched, so a narrower part of it becomes the square.
    let square = PixelSize(width: 100, height: 100)
    #expect(
      published.crop(of: square, size: 48) == CropRectangle(x: 17, y: 6, width: 65, height: 88))
    #expect(coclr.crop(of: frame, size: 48) == CropRectangle(x: 29, y: 8, width: 112, height: 112))
    #expect(
      EvaluationView.standard.crop(of: frame, size: 48)
        == CropRectangle(x: 61, y: 40, width: 48, height: 48))
    for view in [published, slic, coclr, .standard] {
      for size in [PixelSize(width: 1, height: 1), PixelSize(width: 1, height: 500)] {
        #expect(view.crop(of: size, size: 48).isInside(size))
      }
    }
  }
}
