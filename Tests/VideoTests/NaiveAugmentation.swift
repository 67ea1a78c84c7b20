@testable import Video

/// The augmentation written the plain way, pixel by pixel in double precision, after torchvision's
/// documentation; the fast one is compared with it.
struct NaiveClip {
  /// C, then T, then rows of pixels.
  var values: [[[[Double]]]]

  /// `RandomResizedCrop`: torch's bilinear `interpolate` of the cropped frames.
  init(
    pixels: [UInt8], frames: Int, of frame: PixelSize, crop: CropRectangle, to side: Int,
    isFlipped: Bool
  ) {
    func pixel(_ c: Int, _ t: Int, _ y: Int, _ x: Int) -> Double {
      let row = (t * frame.height + crop.y + y) * frame.width
      return Double(pixels[(row + crop.x + x) * 3 + c]) / 255
    }
    func place(_ index: Int, _ length: Int) -> (Int, Int, Double) {
      let real = max(0, (Double(index) + 0.5) * Double(length) / Double(side) - 0.5)
      let low = min(Int(real), length - 1)
      return (low, min(low + 1, length - 1), real - Double(low))
    }
    values = (0..<3).map { c in
      (0..<frames).map { t in
        (0..<side).map { y in
          (0..<side).map { x in
            let (y0, y1, v) = place(y, crop.height)
            let (x0, x1, u) = place(isFlipped ? side - 1 - x : x, crop.width)
            let top = pixel(c, t, y0, x0) * (1 - u) + pixel(c, t, y0, x1) * u
            let bottom = pixel(c, t, y1, x0) * (1 - u) + pixel(c, t, y1, x1) * u
            return top * (1 - v) + bottom * v
          }
        }
      }
    }
  }

  /// The colours of every pixel, changed one by one.
  mutating func change(_ body: (SIMD3<Double>) -> SIMD3<Double>) {
    for t in values[0].indices {
      for y in values[0][t].indices {
        for x in values[0][t][y].indices {
          let old = SIMD3(values[0][t][y][x], values[1][t][y][x], values[2][t][y][x])
          let new = body(old)
          for c in 0..<3 { values[c][t][y][x] = new[c] }
        }
      }
    }
  }

  static func gray(_ colour: SIMD3<Double>) -> Double {
    0.2989 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
  }

  static func clamped(_ colour: SIMD3<Double>) -> SIMD3<Double> {
    colour.clamped(lowerBound: .zero, upperBound: .one)
  }

  mutating func apply(_ adjustment: ClipAugmentation.Adjustment) {
    switch adjustment {
    case .brightness(let factor):
      change { Self.clamped($0 * Double(factor)) }
    case .contrast(let factor):
      var (sum, count) = (0.0, 0.0)
      change {
        sum += Self.gray($0)
        count += 1
        return $0
      }
      change { Self.clamped(Double(factor) * $0 + (1 - Double(factor)) * (sum / count)) }
    case .saturation(let factor):
      change { Self.clamped(Double(factor) * $0 + (1 - Double(factor)) * Self.gray($0)) }
    case .hue(let turn):
      change { Self.turned($0, by: Double(turn)) }
    }
  }

  /// From RGB to HSV and back, by the cases of the textbook.
  static func turned(_ colour: SIMD3<Double>, by turn: Double) -> SIMD3<Double> {
    let (high, low) = (colour.max(), colour.min())
    if high == low { return colour }
    var hue: Double
    if high == colour[0] {
      hue = (colour[1] - colour[2]) / (high - low)
    } else if high == colour[1] {
      hue = 2 + (colour[2] - colour[0]) / (high - low)
    } else {
      hue = 4 + (colour[0] - colour[1]) / (high - low)
    }
    hue = (hue / 6 + turn + 2).truncatingRemainder(dividingBy: 1) * 6
    let saturation = (high - low) / high
    let fraction = hue - hue.rounded(.down)
    let p = high * (1 - saturation)
    let q = high * (1 - saturation * fraction)
    let t = high * (1 - saturation * (1 - fraction))
    switch Int(hue) {
    case 0: return SIMD3(high, t, p)
    case 1: return SIMD3(q, high, p)
    case 2: return SIMD3(p, high, t)
    case 3: return SIMD3(p, q, high)
    case 4: return SIMD3(t, p, high)
    default: return SIMD3(high, p, q)
    }
  }

  /// The values in C·T·H·W order, normalised.
  func normalised(_ settings: AugmentationSettings) -> [Double] {
    values.enumerated().flatMap { c, frames in
      frames.joined().joined().map {
        ($0 - Double(settings.mean[c])) / Double(settings.deviation[c])
      }
    }
  }
}
