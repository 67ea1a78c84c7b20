import CPixels
import Foundation
import Tensors
import Testing

@testable import Video

@Suite("The passes over pixels") struct PixelPassesTests {
  private static let others: [cpixels_passes] = [CPIXELS_AVX2, CPIXELS_AVX512]
    .filter { cpixels_has($0) != 0 }.map { unsafe cpixels($0).pointee }
  private static let portable = unsafe cpixels(CPIXELS_PORTABLE).pointee

  /// What a change makes of a clip, with some passes.
  private func result(
    _ clip: [Float], _ passes: cpixels_passes,
    _ change: (UnsafeMutableBufferPointer<Float>, cpixels_passes) -> Void
  ) -> [Float] {
    var clip = clip
    unsafe clip.withUnsafeMutableBufferPointer { unsafe change($0, passes) }
    return clip
  }

  private func expectEqual(
    _ clip: [Float], _ what: Comment,
    _ change: (UnsafeMutableBufferPointer<Float>, cpixels_passes) -> Void
  ) {
    let expected = unsafe result(clip, Self.portable, change)
    for passes in Self.others {
      let other = unsafe result(clip, passes, change)
      #expect(expected.elementsEqual(other) { $0.bitPattern == $1.bitPattern }, what)
    }
  }

  private func noise(_ count: Int) -> [Float] {
    var random = RandomStream(seed: 2, purpose: .test)
    return (0..<count).map { $0 % 7 == 0 ? Float(($0 / 7) % 2) : random.uniform() }
  }

  @Test("scale frames to the same bits on every instruction set")
  func resize() {
    var random = RandomStream(seed: 1, purpose: .test)
    for width in [1, 2, 15, 16, 17, 31, 32, 48, 90, 107, 400] {
      let frame = PixelSize(width: width + 3, height: 21)
      let pixels = (0..<2 * frame.width * frame.height * 3).map { _ in
        UInt8(truncatingIfNeeded: random.next32())
      }
      for side in [1, 5, 16, 33, 64] {
        let crop = CropRectangle(x: width % 4, y: 2, width: width, height: 19)
        let resize = BilinearResize(crop, of: frame, to: side, isFlipped: width % 2 == 0)
        unsafe expectEqual(noise(6 * side * side), "\(width) to \(side)") { clip, passes in
          unsafe resize.apply(to: pixels, frames: 2, into: clip, with: passes)
        }
      }
    }
  }

  @Test("change colours to the same bits on every instruction set", arguments: [1, 63, 64, 2500])
  func colours(pixels: Int) {
    let changes: [(String, @Sendable (ColourPlanes) -> Void)] = [
      ("brightness", { $0.brighten(by: 1.3) }), ("contrast", { $0.contrast(by: 0.7) }),
      ("saturation", { $0.saturate(by: 1.4) }), ("gray", { $0.saturate(by: 0) }),
      ("hue", { $0.turnHue(by: -0.3) }), ("lightness", { $0.showLab(.lightness) }),
      ("colours", { $0.showLab(.colours) }),
      ("normalise", { $0.normalise(mean: [0.4, 0.5, 0.3], deviation: [0.2, 0.3, 0.25]) }),
    ]
    for (name, change) in changes {
      unsafe expectEqual(noise(3 * pixels), "\(name) of \(pixels)") { clip, passes in
        change(unsafe ColourPlanes(clip, pixels: pixels, with: passes))
      }
    }
  }

  @Test("blur to the same bits on every instruction set", arguments: [1, 3, 5, 23])
  func blur(width: Int) {
    for side in [12, 16, 37] {
      let blur = GaussianBlur(width: width, sigma: 1.5)
      unsafe expectEqual(noise(2 * side * side), "\(width) over \(side)") { clip, passes in
        unsafe blur.apply(to: clip, side: side, with: passes)
      }
    }
  }
}
