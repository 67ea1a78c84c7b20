// `unsafe` is sound here because the clip's length is checked before anything is written, and the
// cells' places are clamped to the grid.
import Foundation

/// A view of motion vectors: right, down, and the share that has vectors, as three channels.
///
/// Velocities are measured by the view: a picture moving by a sixteenth of the shown width (height) a
/// frame gives 1, as 20 pixels of UCF101's 320 do, and faster ones too. Mirroring turns the sign of
/// "right"; turning turns the vectors as well as their places.
struct MotionView {
  /// The share of the shown width or height that a speed of 1 moves in a frame.
  static let fullSpeed: Float = 1.0 / 16

  let video: MotionVideo
  let draw: ClipAugmentation.Draw
  /// The size of the frames that the draw's crop is a part of.
  let frame: PixelSize
  let side: Int
  /// What the order of the frames makes of speeds: −1 backwards, 0 where nothing moves.
  var pace: Float = 1

  /// Writes C·T·side·side floats, the frames being those of the indices; values lie in −1…1.
  func apply(indices: [Int], into clip: UnsafeMutableBufferPointer<Float>) {
    let plane = side * side
    precondition(
      clip.count == 3 * indices.count * plane && draw.crop.isInside(frame),
      "\(clip.count) floats for \(indices.count) frames, \(draw.crop) of \(frame)")
    let columns = taps(
      draw.crop.x, draw.crop.width, of: frame.width, cells: video.grid.width,
      isReversed: draw.isFlipped)
    let rows = taps(
      draw.crop.y, draw.crop.height, of: frame.height, cells: video.grid.height,
      isReversed: false)
    let scale = SIMD3(
      Float(frame.width) / Float(draw.crop.width) * (draw.isFlipped ? -pace : pace),
      Float(frame.height) / Float(draw.crop.height) * pace, MotionVideo.unit * Self.fullSpeed / 256)
    for (place, index) in indices.enumerated() {
      for y in 0..<side {
        for x in 0..<side {
          let mixed = mix(index, columns[x], rows[y]) * scale / (MotionVideo.unit * Self.fullSpeed)
          let value = mixed.clamped(
            lowerBound: SIMD3(repeating: -1), upperBound: SIMD3(repeating: 1))
          for channel in 0..<3 {
            let at = (channel * indices.count + place) * plane + y * side + x
            unsafe clip[at] = value[channel]
          }
        }
      }
    }
    if draw.rotation != 0 { unsafe turn(clip) }
  }

  /// Between which two cells a pixel's middle lies, and the second's share.
  private struct Tap {
    var first: Int
    var second: Int
    var share: Float
  }

  private func taps(
    _ start: Int, _ length: Int, of whole: Int, cells: Int, isReversed: Bool
  ) -> [Tap] {
    let taps = (0..<side).map { pixel in
      let place = Float(start) + (Float(pixel) + 0.5) * Float(length) / Float(side)
      let cell = min(max(place * Float(cells) / Float(whole) - 0.5, 0), Float(cells - 1))
      let first = Int(cell)
      return Tap(first: first, second: min(first + 1, cells - 1), share: cell - Float(first))
    }
    return isReversed ? taps.reversed() : taps
  }

  private func mix(_ index: Int, _ column: Tap, _ row: Tap) -> SIMD3<Float> {
    func cell(_ x: Int, _ y: Int) -> SIMD3<Float> {
      let start = index * video.frameLength + (y * video.grid.width + x) * 3
      return SIMD3(
        Float(video.cells[start]), Float(video.cells[start + 1]), Float(video.cells[start + 2]))
    }
    func along(_ y: Int) -> SIMD3<Float> {
      let first = cell(column.first, y)
      return first + (cell(column.second, y) - first) * column.share
    }
    let first = along(row.first)
    return first + (along(row.second) - first) * row.share
  }

  /// Turns the picture and every vector in it, counter-clockwise as it is seen.
  private func turn(_ clip: UnsafeMutableBufferPointer<Float>) {
    unsafe PixelMap(turning: draw.rotation, side: side).apply(to: clip)
    let angle = Double(draw.rotation) * .pi / 180
    let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
    let third = clip.count / 3
    for i in 0..<third {
      let (right, down) = unsafe (clip[i], clip[third + i])
      unsafe clip[i] = min(max(cosine * right + sine * down, -1), 1)
      unsafe clip[third + i] = min(max(cosine * down - sine * right, -1), 1)
    }
  }
}
