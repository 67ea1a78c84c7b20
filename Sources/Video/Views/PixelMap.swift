// `unsafe` is sound here because all neighbours are clamped to the plane when the map is made, and the
// clip's length is checked before anything is read or written.
internal import CPixels
import Foundation

/// Where every pixel of a square plane comes from: four neighbours with their shares.
///
/// Made once a view and applied to all its planes, so that all frames and channels move alike.
struct PixelMap {
  /// What lies outside the plane.
  enum Outside {
    /// Zeros, into which the edge fades over one pixel (torch's `grid_sample` with zeros).
    case black
    /// The nearest pixel of the edge.
    case edge
  }

  private let side: Int
  /// Four a pixel.
  private var neighbours: [Int32] = []
  private var shares: [Float] = []

  /// Creates the map; `source` says which place a pixel shows, both counted in pixels from the top left
  /// pixel's centre, right and down.
  init(side: Int, outside: Outside, source: (SIMD2<Float>) -> SIMD2<Float>) {
    self.side = side
    neighbours.reserveCapacity(4 * side * side)
    shares.reserveCapacity(4 * side * side)
    let last = Float(side - 1)
    for y in 0..<side {
      for x in 0..<side {
        var place = source(SIMD2(Float(x), Float(y)))
        // Beyond one pixel outside all four neighbours are; so far the places fit any integer.
        place.clamp(
          lowerBound: SIMD2(repeating: outside == .edge ? 0 : -1),
          upperBound: SIMD2(repeating: outside == .edge ? last : last + 1))
        add(place)
      }
    }
  }

  /// Turns the plane by degrees, counter-clockwise as it is seen, around its middle (torchvision's
  /// `rotate` with bilinear interpolation and no fill).
  init(turning degrees: Float, side: Int) {
    let angle = Double(degrees) * .pi / 180
    let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
    let middle = SIMD2(repeating: Float(side - 1) / 2)
    self.init(side: side, outside: .black) { pixel in
      let away = pixel - middle
      return middle
        + SIMD2(cosine * away.x - sine * away.y, sine * away.x + cosine * away.y)
    }
  }

  private mutating func add(_ place: SIMD2<Float>) {
    let low = place.rounded(.down)
    let part = place - low
    let (x, y) = (Int32(low.x), Int32(low.y))
    let width = Int32(side)
    func inside(_ x: Int32, _ y: Int32) -> Float {
      x >= 0 && y >= 0 && x < width && y < width ? 1 : 0
    }
    func index(_ x: Int32, _ y: Int32) -> Int32 {
      min(max(y, 0), width - 1) * width + min(max(x, 0), width - 1)
    }
    neighbours.append(index(x, y))
    neighbours.append(index(x + 1, y))
    neighbours.append(index(x, y + 1))
    neighbours.append(index(x + 1, y + 1))
    shares.append((1 - part.x) * (1 - part.y) * inside(x, y))
    shares.append(part.x * (1 - part.y) * inside(x + 1, y))
    shares.append((1 - part.x) * part.y * inside(x, y + 1))
    shares.append(part.x * part.y * inside(x + 1, y + 1))
  }

  /// Moves the pixels of every plane of a clip.
  func apply(to clip: UnsafeMutableBufferPointer<Float>) {
    let count = side * side
    precondition(
      clip.count % count == 0, "\(clip.count) floats are no planes of \(side)×\(side)")
    guard let base = clip.baseAddress else { return }
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { old in
      guard let old = old.baseAddress else { return }
      for start in stride(from: 0, to: clip.count, by: count) {
        let plane = unsafe base + start
        unsafe old.update(from: plane, count: count)
        unsafe neighbours.withUnsafeBufferPointer { neighbours in
          unsafe shares.withUnsafeBufferPointer { shares in
            guard let near = neighbours.baseAddress, let share = shares.baseAddress else { return }
            unsafe PixelPasses.fastest.mix(old, plane, Int64(count), near, share)
          }
        }
      }
    }
  }
}
