// `unsafe` is sound here because every index into the frames comes from a rectangle that was checked
// to lie inside them, the lengths of both buffers are checked first, and scratch and taps are as long
// as `CPixels` asks for.
internal import CPixels

/// Cuts a rectangle out of frames and scales it to a square, between bytes and planar floats.
///
/// Bilinear between the two nearest pixels, pixel centres at halves, edges repeated; no smoothing
/// when shrinking (torch's `interpolate` with `align_corners` and `antialias` false).
struct BilinearResize {
  private let crop: CropRectangle
  private let frame: PixelSize
  private let side: Int
  private var rows: [cpixels_tap]
  private var columns: [cpixels_tap]

  init(_ crop: CropRectangle, of frame: PixelSize, to side: Int, isFlipped: Bool) {
    precondition(crop.isInside(frame), "\(crop) is not inside \(frame)")
    self.crop = crop
    self.frame = frame
    self.side = side
    rows = BilinearResize.taps(from: crop.height, to: side)
    columns = BilinearResize.taps(from: crop.width, to: side)
    if isFlipped { columns.reverse() }
  }

  private static func taps(from length: Int, to side: Int) -> [cpixels_tap] {
    let scale = Float(length) / Float(side)
    return (0..<side).map { place in
      let centre = max(0, (Float(place) + 0.5) * scale - 0.5)
      let first = min(Int(centre), length - 1)
      return cpixels_tap(
        first: Int32(first), second: Int32(min(first + 1, length - 1)),
        share: min(1, centre - Float(first)))
    }
  }

  /// Writes C·T·side·side floats in 0…1 from T·H·W·3 bytes.
  func apply(
    to pixels: [UInt8], frames: Int, into clip: UnsafeMutableBufferPointer<Float>,
    with passes: cpixels_passes = PixelPasses.fastest
  ) {
    let frameBytes = frame.width * frame.height * 3
    let plane = side * side
    precondition(
      pixels.count == frames * frameBytes && clip.count == 3 * frames * plane,
      "\(pixels.count) bytes and \(clip.count) floats for \(frames) frames of \(frame)")
    guard let target = clip.baseAddress else { return }
    let length = Int(cpixels_scratch(Int32(crop.width), Int32(side)))
    unsafe pixels.withUnsafeBufferPointer { pixels in
      unsafe rows.withUnsafeBufferPointer { rows in
        unsafe columns.withUnsafeBufferPointer { columns in
          unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { scratch in
            guard let source = pixels.baseAddress, let rows = rows.baseAddress,
              let columns = columns.baseAddress, let scratch = scratch.baseAddress
            else { return }
            var job = unsafe cpixels_resize(
              corner: source + (crop.y * frame.width + crop.x) * 3,
              frame_bytes: Int64(frameBytes), row_bytes: Int64(frame.width * 3),
              width: Int32(crop.width), frames: Int32(frames), side: Int32(side), rows: rows,
              columns: columns, scratch: scratch, target: target, colour: Int64(frames * plane))
            unsafe passes.resize(&job)
          }
        }
      }
    }
  }
}
