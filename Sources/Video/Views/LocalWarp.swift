import Tensors

/// A dent in the picture: pixels near a point are taken from elsewhere, the same in all frames.
///
/// The spatial local disturbance of Wang et al., "Enhancing unsupervised video representation learning
/// by decoupling the scene and the motion", AAAI 2021 (arXiv 2009.05757), as in their released code:
/// with the shift d and the centre's image p = centre + d, the pixel at x shows what was at
/// x − w·d, w = 0.5 / (3·(|x − p| / |d|)⁴ + 1). The code takes whole pixels, this is bilinear. Lengths
/// are shares of the view's side.
public struct LocalWarp: Sendable, Equatable {
  /// The centre before the shift, from the left and from the top.
  public var centre: SIMD2<Float>
  /// How far the centre moves, right and down; not zero.
  public var shift: SIMD2<Float>

  /// Creates a dent.
  public init(centre: SIMD2<Float>, shift: SIMD2<Float>) {
    self.centre = centre
    self.shift = shift
  }

  /// Draws one to three dents: centres in 60…140 and shifts of 10…20 pixels of 224.
  static func draw(using random: inout RandomStream) -> [LocalWarp] {
    let count = 1 + random.integer(below: 3)
    func point(_ bounds: ClosedRange<Float>) -> SIMD2<Float> {
      let x = random.uniform(in: bounds)
      return SIMD2(x, random.uniform(in: bounds)) / 224
    }
    return (0..<count).map { _ in
      let centre = point(60...140)
      return LocalWarp(centre: centre, shift: point(10...20))
    }
  }

  /// Where the pixel at a place comes from.
  func source(of place: SIMD2<Float>) -> SIMD2<Float> {
    let away = place - centre - shift
    let ratio = (away * away).sum() / (shift * shift).sum()
    return place - shift * (0.5 / (3 * ratio * ratio + 1))
  }
}

extension PixelMap {
  /// The map of several dents, made one after the other; places outside show the nearest edge.
  init(_ warps: [LocalWarp], side: Int) {
    let length = Float(side)
    self.init(side: side, outside: .edge) { pixel in
      // The last dent sees what the earlier ones have made, so a pixel is traced back through it first.
      warps.reversed().reduce(pixel / length) { $1.source(of: $0) } * length
    }
  }
}
