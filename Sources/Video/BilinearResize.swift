// `unsafe` is sound here because every index into the frames comes from a rectangle that was checked
// to lie inside them, and the lengths of both buffers are checked first.

/// Cuts a rectangle out of frames and scales it to a square, between bytes and planar floats.
///
/// Bilinear between the two nearest pixels, pixel centres at halves, edges repeated; no smoothing
/// when shrinking (torch's `interpolate` with `align_corners` and `antialias` false). Rows are mixed
/// first, over whole interleaved rows, because that part vectorises.
struct BilinearResize {
  /// Between which two pixels an output pixel lies: the first, the second, and the second's share.
  private struct Tap {
    var first: Int
    var second: Int
    var share: Float
  }

  private let crop: CropRectangle
  private let frame: PixelSize
  private let side: Int
  private var rows: [Tap]
  private var columns: [Tap]

  init(_ crop: CropRectangle, of frame: PixelSize, to side: Int, isFlipped: Bool) {
    self.crop = crop
    self.frame = frame
    self.side = side
    rows = BilinearResize.taps(from: crop.height, to: side)
    columns = BilinearResize.taps(from: crop.width, to: side)
    if isFlipped { columns.reverse() }
  }

  private static func taps(from length: Int, to side: Int) -> [Tap] {
    let scale = Float(length) / Float(side)
    return (0..<side).map { place in
      let centre = max(0, (Float(place) + 0.5) * scale - 0.5)
      let first = min(Int(centre), length - 1)
      return Tap(
        first: first, second: min(first + 1, length - 1), share: min(1, centre - Float(first)))
    }
  }

  /// Writes C·T·side·side floats in 0…1 from T·H·W·3 bytes.
  func apply(to pixels: [UInt8], frames: Int, into clip: UnsafeMutableBufferPointer<Float>) {
    let frameBytes = frame.width * frame.height * 3
    let plane = side * side
    precondition(
      pixels.count == frames * frameBytes && clip.count == 3 * frames * plane,
      "\(pixels.count) bytes and \(clip.count) floats for \(frames) frames of \(frame)")
    let width = crop.width * 3
    unsafe pixels.withUnsafeBufferPointer { pixels in
      // One more float than the row has: pixels are loaded four floats at a time.
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: width + 1) { row in
        guard let source = pixels.baseAddress, let mixed = row.baseAddress,
          let target = clip.baseAddress
        else { return }
        unsafe (mixed + width).initialize(to: 0)
        for index in 0..<frames {
          let corner = unsafe source + index * frameBytes + (crop.y * frame.width + crop.x) * 3
          for y in 0..<side {
            unsafe mixRows(at: corner, rows[y], into: mixed, count: width)
            unsafe mixColumns(of: mixed, into: target + index * plane + y * side, frames * plane)
          }
        }
      }
    }
  }

  @inline(__always)
  private func mixRows(
    at corner: UnsafePointer<UInt8>, _ tap: Tap, into row: UnsafeMutablePointer<Float>, count: Int
  ) {
    let first = unsafe corner + tap.first * frame.width * 3
    let second = unsafe corner + tap.second * frame.width * 3
    let (one, two) = ((1 - tap.share) / 255, tap.share / 255)
    for i in 0..<count {
      unsafe row[i] = Float(first[i]) * one + Float(second[i]) * two
    }
  }

  @inline(__always)
  private func mixColumns(
    of row: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    let floats = UnsafeRawPointer(row)
    unsafe columns.withUnsafeBufferPointer { columns in
      for x in 0..<side {
        let tap = unsafe columns[x]
        let first = unsafe floats.loadUnaligned(
          fromByteOffset: tap.first * 12, as: SIMD4<Float>.self)
        let second = unsafe floats.loadUnaligned(
          fromByteOffset: tap.second * 12, as: SIMD4<Float>.self)
        let value = first + (second - first) * tap.share
        unsafe target[x] = value[0]
        unsafe target[x + stride] = value[1]
        unsafe target[x + 2 * stride] = value[2]
      }
    }
  }
}
