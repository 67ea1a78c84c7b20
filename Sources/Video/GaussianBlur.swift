// `unsafe` is sound here because rows and columns are reflected into the plane, the padded row has
// room for both margins, and the clip's length is checked first.
import Foundation

/// A Gaussian blur of square planes: torchvision's `gaussian_blur`, with reflected edges.
///
/// Two passes, first along rows. Each adds whole shifted rows, one weight at a time, so that it runs
/// on vectors; the order of the additions is fixed.
struct GaussianBlur {
  private let weights: [Float]

  /// Creates the blur with a kernel of `width` pixels, odd, and a deviation of `sigma` pixels.
  init(width: Int, sigma: Float) {
    precondition(width >= 1 && width % 2 == 1 && sigma > 0, "a blur of \(width), sigma \(sigma)")
    let densities = (0..<width).map { place in
      exp(-0.5 * pow((Double(place) - Double(width / 2)) / Double(sigma), 2))
    }
    let sum = densities.reduce(0, +)
    weights = densities.map { Float($0 / sum) }
  }

  /// Blurs every `side`×`side` plane of a clip; the kernel is narrower than twice the side.
  func apply(to clip: UnsafeMutableBufferPointer<Float>, side: Int) {
    let count = side * side
    let margin = weights.count / 2
    precondition(
      margin < side && clip.count % count == 0,
      "\(clip.count) floats in planes of \(side)×\(side), kernel \(weights.count)")
    guard let base = clip.baseAddress else { return }
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: count + side + 2 * margin) {
      memory in
      guard let smooth = memory.baseAddress else { return }
      let padded = unsafe smooth + count
      for start in stride(from: 0, to: clip.count, by: count) {
        let plane = unsafe base + start
        for y in 0..<side {
          let row = unsafe plane + y * side
          for x in 0..<side + 2 * margin {
            unsafe padded[x] = row[Self.reflect(x - margin, side)]
          }
          for (tap, weight) in weights.enumerated() {
            let source = unsafe padded + tap
            unsafe Self.add(source, times: weight, to: smooth + y * side, side, isFirst: tap == 0)
          }
        }
        for y in 0..<side {
          for (tap, weight) in weights.enumerated() {
            let source = unsafe smooth + Self.reflect(y + tap - margin, side) * side
            unsafe Self.add(source, times: weight, to: plane + y * side, side, isFirst: tap == 0)
          }
        }
      }
    }
  }

  /// The place inside 0 ..< `length` that a place up to one length outside mirrors, edges not repeated.
  private static func reflect(_ place: Int, _ length: Int) -> Int {
    place < 0 ? -place : place >= length ? 2 * length - 2 - place : place
  }

  @inline(__always)
  private static func add(
    _ source: UnsafePointer<Float>, times weight: Float, to target: UnsafeMutablePointer<Float>,
    _ count: Int, isFirst: Bool
  ) {
    if isFirst {
      for x in 0..<count { unsafe target[x] = source[x] * weight }
    } else {
      for x in 0..<count { unsafe target[x] += source[x] * weight }
    }
  }
}
