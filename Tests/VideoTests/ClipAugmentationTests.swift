import Foundation
import Tensors
import Testing

@testable import Video

@Suite("The augmentation") struct ClipAugmentationTests {
  static let frame = PixelSize(width: 80, height: 60)
  let frames = 3
  let settings: AugmentationSettings = {
    var settings = AugmentationSettings()
    settings.mean = [0.4, 0.45, 0.5]
    settings.deviation = [0.25, 0.27, 0.3]
    return settings
  }()

  /// Noise, with gray, black, white and saturated pixels among it.
  private func noise(frames: Int, of size: PixelSize = frame) -> [UInt8] {
    var random = RandomStream(seed: 5, purpose: .test)
    let corners: [[UInt8]] = [
      [0, 0, 0], [255, 255, 255], [90, 90, 90], [255, 0, 0], [0, 255, 0], [0, 0, 255],
      [255, 255, 0], [0, 255, 255], [255, 0, 255], [200, 200, 10],
    ]
    return (0..<frames * size.width * size.height).flatMap { _ -> [UInt8] in
      random.chance(0.2)
        ? corners[random.integer(below: corners.count)]
        : (0..<3).map { _ in UInt8(truncatingIfNeeded: random.next32()) }
    }
  }

  private func apply(
    _ draw: ClipAugmentation.Draw, to pixels: [UInt8], frames: Int, of size: PixelSize = frame,
    side: Int = 48, _ settings: AugmentationSettings? = nil
  ) -> [Float] {
    var clip = [Float](repeating: .nan, count: 3 * frames * side * side)
    let augmentation = ClipAugmentation(settings ?? self.settings, size: side)
    unsafe clip.withUnsafeMutableBufferPointer { clip in
      unsafe augmentation.apply(draw, to: pixels, frames: frames, of: size, into: clip)
    }
    return clip
  }

  /// The largest difference from the naive clip, in units of 1/255 before normalisation.
  private func difference(
    _ draw: ClipAugmentation.Draw, of size: PixelSize = frame, side: Int = 48
  ) -> Double {
    let pixels = noise(frames: frames, of: size)
    var naive = NaiveClip(
      pixels: pixels, frames: frames, of: size, crop: draw.crop, to: side,
      isFlipped: draw.isFlipped)
    for adjustment in draw.adjustments { naive.apply(adjustment) }
    if draw.isGray { naive.change { SIMD3(repeating: NaiveClip.gray($0)) } }
    let fast = apply(draw, to: pixels, frames: frames, of: size, side: side)
    return zip(naive.normalised(settings), fast)
      .reduce(0) { max($0, abs($1.0 - Double($1.1)) * 255 * 0.3) }
  }

  @Test(
    "crops and scales as torch's bilinear interpolation",
    arguments: [
      CropRectangle(x: 0, y: 0, width: 80, height: 60),
      CropRectangle(x: 80 - 33, y: 60 - 29, width: 33, height: 29),
      CropRectangle(x: 16, y: 6, width: 48, height: 48),
      CropRectangle(x: 79, y: 59, width: 1, height: 1),
      CropRectangle(x: 0, y: 3, width: 2, height: 57),
    ], [false, true])
  func crops(crop: CropRectangle, isFlipped: Bool) {
    var draw = ClipAugmentation.Draw(crop: crop)
    draw.isFlipped = isFlipped
    #expect(difference(draw) < 0.01)
    #expect(difference(draw, side: 7) < 0.01)
  }

  static let adjustments: [[ClipAugmentation.Adjustment]] =
    [
      [.brightness(0.75)], [.brightness(1.25)], [.brightness(0)], [.contrast(0.75)],
      [.contrast(1.25)], [.contrast(0)], [.saturation(0.75)], [.saturation(1.25)],
      [.saturation(0)],
      [.brightness(1.2), .contrast(0.8), .saturation(1.3), .hue(0.1)],
      [.hue(-0.15), .saturation(0.7), .contrast(1.25), .brightness(0.9)],
    ] + [-0.5, -0.3, -0.15, 0, 0.07, 1.0 / 6, 0.4, 0.5].map { [.hue($0)] }

  @Test("changes colours as torchvision does", arguments: adjustments, [false, true])
  func colours(adjustments: [ClipAugmentation.Adjustment], isGray: Bool) {
    var draw = ClipAugmentation.Draw(crop: CropRectangle(x: 10, y: 5, width: 51, height: 47))
    draw.adjustments = adjustments
    draw.isGray = isGray
    #expect(difference(draw) < 0.05)
  }

  @Test("shows what changed since the frame before, the first frame's since the last")
  func residual() {
    var draw = ClipAugmentation.Draw(crop: CropRectangle(x: 10, y: 5, width: 51, height: 47))
    draw.adjustments = [.contrast(1.2), .hue(0.1)]
    let pixels = noise(frames: frames)
    let plain = apply(draw, to: pixels, frames: frames)
    draw.content = .residual
    let residual = apply(draw, to: pixels, frames: frames)
    let pixelCount = 48 * 48
    for index in plain.indices {
      let frame = index / pixelCount % frames
      let before = index + (frame == 0 ? frames - 1 : -1) * pixelCount
      #expect(residual[index] == plain[index] - plain[before])
    }
    draw.content = .difference
    let difference = apply(draw, to: pixels, frames: frames)
    for index in plain.indices {
      let isFirst = index / pixelCount % frames == 0
      #expect(difference[index] == residual[index + (isFirst ? pixelCount : 0)])
    }
    for content in [ViewRecipe.Content.residual, .difference] {
      draw.content = content
      let still = apply(draw, to: noise(frames: 1), frames: 1)
      #expect(still.allSatisfy { $0 == 0 })
    }
  }

  @Test("without normalisation, what changed lies in 0…1 as well, no change in the middle")
  func raisedResidual() {
    var settings = AugmentationSettings()
    settings.normalisation = .none
    var draw = ClipAugmentation.Draw(crop: CropRectangle(x: 10, y: 5, width: 51, height: 47))
    let pixels = noise(frames: frames)
    let plain = apply(draw, to: pixels, frames: frames, settings)
    draw.content = .residual
    let residual = apply(draw, to: pixels, frames: frames, settings)
    let pixelCount = 48 * 48
    for index in plain.indices {
      let frame = index / pixelCount % frames
      let before = index + (frame == 0 ? frames - 1 : -1) * pixelCount
      #expect(abs(residual[index] - (plain[index] - plain[before] + 1) / 2) < 1e-6)
    }
    let middle = ViewColours(.residual, settings)[SIMD3(repeating: 0.5)]
    #expect(middle == SIMD3(128, 128, 128))
  }

  @Test("treats all frames of a clip alike")
  func consistency() {
    let one = noise(frames: 1)
    let augmentation = ClipAugmentation(settings, size: 48)
    for sample in 0..<20 {
      var random = RandomStream(seed: 2, purpose: .augmentation, sample: sample)
      let draw = augmentation.draw(using: &random, in: Self.frame)
      let clip = apply(draw, to: one + one + one, frames: 3)
      for channel in 0..<3 {
        let planes = (0..<3).map { clip[(channel * 3 + $0) * 2304..<(channel * 3 + $0 + 1) * 2304] }
        #expect(planes[0].elementsEqual(planes[1]) && planes[0].elementsEqual(planes[2]))
      }
    }
  }

  @Test("repeats itself from the same stream, and not from another")
  func determinism() {
    let augmentation = ClipAugmentation(settings, size: 48)
    let pixels = noise(frames: 2)
    func clip(_ sample: Int) -> (ClipAugmentation.Draw, [Float]) {
      var random = RandomStream(seed: 2, purpose: .augmentation, sample: sample)
      let draw = augmentation.draw(using: &random, in: Self.frame)
      return (draw, apply(draw, to: pixels, frames: 2))
    }
    #expect(clip(1) == clip(1))
    #expect(clip(1).0 != clip(2).0)
  }

  @Test("draws within the settings, as often as they say")
  func draws() {
    var settings = settings
    (settings.residual, settings.motionVectors) = (0.25, 0.5)
    let augmentation = ClipAugmentation(settings, size: 48)
    var random = RandomStream(seed: 3, purpose: .test)
    let count = 4000
    var (flips, grays, residuals, motions, jitters, areas) = (0, 0, 0, 0, 0, 0.0)
    var firsts: [String: Int] = [:]
    for _ in 0..<count {
      let draw = augmentation.draw(using: &random, in: Self.frame)
      #expect(draw.crop.isInside(Self.frame))
      let area = Double(draw.crop.width * draw.crop.height) / 4800
      let aspect = Double(draw.crop.width) / Double(draw.crop.height)
      #expect((0.38...1).contains(area) && (0.72...1.39).contains(aspect))
      areas += area
      flips += draw.isFlipped ? 1 : 0
      grays += draw.isGray ? 1 : 0
      residuals += draw.content == .residual ? 1 : 0
      motions += draw.content == .mv ? 1 : 0
      jitters += draw.adjustments.isEmpty ? 0 : 1
      for adjustment in draw.adjustments {
        switch adjustment {
        case .brightness(let factor), .contrast(let factor), .saturation(let factor):
          #expect((0.75...1.25).contains(factor))
        case .hue(let turn): #expect((-0.15...0.15).contains(turn))
        }
      }
      if let first = draw.adjustments.first {
        firsts[String("\(first)".prefix { $0 != "(" }), default: 0] += 1
      }
    }
    #expect(abs(flips - count / 2) < 150)
    #expect(abs(grays - count / 5) < 150)
    #expect(abs(residuals - count / 4) < 150)
    #expect(abs(motions - count / 2) < 150)
    #expect(abs(jitters - count * 4 / 5) < 150)
    #expect((0.55...0.72).contains(areas / Double(count)))
    #expect(firsts.count == 4 && firsts.values.allSatisfy { abs($0 - count / 5) < 150 })
  }

  @Test(
    "finds a rectangle in frames of any shape",
    arguments: [
      PixelSize(width: 1, height: 1), PixelSize(width: 400, height: 3),
      PixelSize(width: 2, height: 300), PixelSize(width: 60, height: 60),
    ])
  func oddFrames(size: PixelSize) {
    let augmentation = ClipAugmentation(settings, size: 48)
    var random = RandomStream(seed: 3, purpose: .test)
    for _ in 0..<200 {
      let draw = augmentation.draw(using: &random, in: size)
      #expect(draw.crop.isInside(size))
    }
    #expect(difference(augmentation.draw(using: &random, in: size), of: size) < 0.2)
  }

  @Test("says which settings cannot be used")
  func problems() {
    #expect(AugmentationSettings().problem == nil && VideoSettings().problem == nil)
    var colours = AugmentationSettings()
    colours.hue = 0.6
    #expect(colours.problem?.contains("hue is 0.6") == true)
    colours = AugmentationSettings()
    colours.area = [1, 0.4]
    #expect(colours.problem?.contains("area") == true)
    colours = AugmentationSettings()
    colours.deviation = [0.2, 0, 0.2]
    #expect(colours.problem?.contains("deviation") == true)
    colours = AugmentationSettings()
    colours.flip = .nan
    #expect(colours.problem?.contains("flip") == true)
    var video = VideoSettings()
    video.stride = 0
    #expect(video.problem?.contains("stride is 0") == true)
  }
}
