import Foundation

/// The three numbers of a view's pixel as a colour for people.
struct ViewColours {
  private let content: ViewRecipe.Content
  private let mean: SIMD3<Float>
  private let deviation: SIMD3<Float>
  /// Whether no change is one half already.
  private let isRaised: Bool

  init(_ content: ViewRecipe.Content, _ settings: AugmentationSettings) {
    self.content = content
    isRaised = settings.normalisation == .none
    let (mean, deviation) = settings.normalised
    self.mean = SIMD3(mean[0], mean[1], mean[2])
    self.deviation = SIMD3(deviation[0], deviation[1], deviation[2])
  }

  subscript(_ value: SIMD3<Float>) -> SIMD3<UInt8> {
    let colour = colour(value).clamped(
      lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 1))
    return SIMD3<UInt8>(truncatingIfNeeded: SIMD3<Int32>((colour * 255).rounded(.toNearestOrEven)))
  }

  private func colour(_ value: SIMD3<Float>) -> SIMD3<Float> {
    switch content {
    case .rgb: value * deviation + mean
    // No change is middle gray.
    case .residual, .difference: isRaised ? value : value * deviation / 2 + 0.5
    case .lightness, .luma: value / 2 + 0.5
    // a: green to red; b: blue to yellow.
    case .ab: SIMD3(value.x + value.y, value.y - value.x, -value.x - value.y) / 2 + 0.5
    // Cb: yellow to blue; Cr: green to red.
    case .cbcr: SIMD3(value.y - value.x, -value.x - value.y, value.x - value.y) / 2 + 0.5
    case .mv: wheel(value)
    }
  }

  /// The colour wheel of optical flow.
  ///
  /// The hue says where to (red: right, then by yellow down, cyan: left), and white is rest; the square
  /// root of the speed makes slow motion visible. What has no vectors is gray.
  private func wheel(_ value: SIMD3<Float>) -> SIMD3<Float> {
    let speed = (value.x * value.x + value.y * value.y).squareRoot()
    let turn = Float(atan2(Double(value.y), Double(value.x)) / (2 * .pi))
    let sixths = (turn < 0 ? turn + 1 : turn) * 6
    let hue = SIMD3(
      abs(sixths - 3) - 1, 2 - abs(sixths - 2), 2 - abs(sixths - 4)
    ).clamped(lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 1))
    let colour = 1 - (1 - hue) * min(1, speed).squareRoot()
    return colour * value.z + SIMD3(repeating: 0.5 * (1 - value.z))
  }
}
