// `unsafe` is sound here because the clip's length and the kernel's width are checked first, and the
// scratch is as long as `CPixels` asks for.
internal import CPixels
import Foundation

/// A Gaussian blur of square planes: torchvision's `gaussian_blur`, with reflected edges.
///
/// Two passes, first along rows; the order of the additions is fixed.
struct GaussianBlur {
  private let weights: [Float]

  /// Creates the blur with a kernel of `width` pixels, odd, and a deviation of `sigma` pixels.
  init(width: Int, sigma: Float) {
    precondition(
      (1...Int(CPIXELS_WIDEST)).contains(width) && width % 2 == 1 && sigma > 0,
      "a blur of \(width), sigma \(sigma)")
    let densities = (0..<width).map { place in
      exp(-0.5 * pow((Double(place) - Double(width / 2)) / Double(sigma), 2))
    }
    let sum = densities.reduce(0, +)
    weights = densities.map { Float($0 / sum) }
  }

  /// Blurs every `side`×`side` plane of a clip; the kernel is narrower than twice the side.
  func apply(
    to clip: UnsafeMutableBufferPointer<Float>, side: Int,
    with passes: cpixels_passes = PixelPasses.fastest
  ) {
    let count = side * side
    let width = Int32(weights.count)
    precondition(
      weights.count / 2 < side && clip.count % count == 0,
      "\(clip.count) floats in planes of \(side)×\(side), kernel \(weights.count)")
    let length = side * (2 * side + weights.count)
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { scratch in
        guard let base = clip.baseAddress, let weights = weights.baseAddress,
          let scratch = scratch.baseAddress
        else { return }
        for start in stride(from: 0, to: clip.count, by: count) {
          unsafe passes.blur(base + start, Int32(side), weights, width, scratch)
        }
      }
    }
  }
}
