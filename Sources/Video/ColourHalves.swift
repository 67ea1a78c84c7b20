// `unsafe` is sound here because the planes are those of `ColourPlanes`, which lie one behind the
// other, and a table has one point more than its steps.
internal import CPixels
import Foundation

extension ColourPlanes {
  /// Which half of a colour: CMC contrasts one with the other.
  enum Half {
    /// How light it is, in all three channels.
    case lightness
    /// Which colour it is: two channels, and zeros in the third.
    case colours
  }

  /// Turns colours in 0…1 into one half of CIE Lab (sRGB, D65), in about −1…1: L / 50 − 1, or
  /// (a − 6.025) / 92.208 and (b + 6.6895) / 101.1675.
  ///
  /// Scales are those of the code of Tian et al., "Contrastive multiview coding", ECCV 2020
  /// (arXiv 1906.05849), section 4: the ranges of a and b over all colours.
  func showLab(_ half: Half) {
    let (red, green, blue) = unsafe (red, green, blue)
    unsafe Curve.linear.apply(red, 3 * count, passes)
    switch half {
    case .lightness:
      for i in 0..<count {
        unsafe red[i] = 0.212671 * red[i] + 0.715160 * green[i] + 0.072169 * blue[i]
      }
      unsafe Curve.root.apply(red, count, passes)
      for i in 0..<count {
        let value = unsafe (116 * red[i] - 16) / 50 - 1
        unsafe red[i] = value
        unsafe green[i] = value
        unsafe blue[i] = value
      }
    case .colours:
      for i in 0..<count {
        let (r, g, b) = unsafe (red[i], green[i], blue[i])
        unsafe red[i] = (0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047
        unsafe green[i] = 0.212671 * r + 0.715160 * g + 0.072169 * b
        unsafe blue[i] = (0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883
      }
      unsafe Curve.root.apply(red, 3 * count, passes)
      for i in 0..<count {
        let (x, y, z) = unsafe (red[i], green[i], blue[i])
        unsafe red[i] = (500 * (x - y) - 6.025) / 92.208
        unsafe green[i] = (200 * (y - z) + 6.6895) / 101.1675
        unsafe blue[i] = 0
      }
    }
  }

  /// Turns colours in 0…1 into one half of YCbCr (ITU-R BT.601, Y in 16…235), with CMC's means and
  /// deviations: (Y − 116.151) / 109.5, or (Cb − 121.08) / 111.855 and (Cr − 132.342) / 111.964.
  func showYCbCr(_ half: Half) {
    let (red, green, blue) = unsafe (red, green, blue)
    switch half {
    case .lightness:
      for i in 0..<count {
        let (r, g, b) = unsafe (red[i], green[i], blue[i])
        let value = (16 + 65.481 * r + 128.553 * g + 24.966 * b - 116.151) * (1 / 109.5)
        unsafe red[i] = value
        unsafe green[i] = value
        unsafe blue[i] = value
      }
    case .colours:
      for i in 0..<count {
        let (r, g, b) = unsafe (red[i], green[i], blue[i])
        unsafe red[i] = (128 - 37.797 * r - 74.203 * g + 112 * b - 121.08) * (1 / 111.855)
        unsafe green[i] = (128 + 112 * r - 93.786 * g - 18.214 * b - 132.342) * (1 / 111.964)
        unsafe blue[i] = 0
      }
    }
  }
}

/// A function on 0…1 as a table with straight lines between its 4,097 points.
struct Curve: Sendable {
  private static let steps = 4096
  private let points: [Float]

  private init(_ function: (Double) -> Double) {
    points = (0...Self.steps).map { Float(function(Double($0) / Double(Self.steps))) }
  }

  /// The light behind an sRGB value (IEC 61966-2-1).
  static let linear = Curve { $0 > 0.04045 ? pow(($0 + 0.055) / 1.055, 2.4) : $0 / 12.92 }

  /// CIE Lab's cube root, straight near zero; at most 5·10⁻⁶ off.
  static let root = Curve { $0 > 0.008856 ? cbrt($0) : 7.787 * $0 + 16.0 / 116 }

  /// Replaces values by the function of them.
  func apply(_ values: UnsafeMutablePointer<Float>, _ count: Int, _ passes: cpixels_passes) {
    unsafe points.withUnsafeBufferPointer { points in
      guard let table = points.baseAddress else { return }
      unsafe passes.look_up(values, Int64(count), table, Int32(Self.steps))
    }
  }
}
