/// How every frame of a video moves, as its codec has found: a coarse grid of velocities a frame.
///
/// A velocity is the way from the frame before, in shares of the frame's width (right) and height
/// (down), as displayed; so it does not depend on the size that the frame is later scaled to.
struct MotionVideo: Sendable {
  /// Velocities are kept as integers, 2¹⁴ for the whole width or height.
  static let unit: Float = 16_384
  /// The side of a cell in stored pixels: a quarter of MPEG's macroblock.
  static let cell = 8

  /// The number of frames, T.
  private(set) var frameCount = 0
  /// Columns and rows of the grid.
  let grid: PixelSize
  /// T·rows·columns·3 numbers: right, down, and the share of the cell that has vectors, 256 for all.
  private(set) var cells: [Int16] = []

  /// The codec's name, where not one frame came with vectors.
  var silentCodec: String?

  init(grid: PixelSize) { self.grid = grid }

  /// The numbers of a frame.
  var frameLength: Int { grid.width * grid.height * 3 }

  mutating func append(_ frame: [Int16]) {
    precondition(frame.count == frameLength, "\(frame.count) numbers for a grid of \(grid)")
    cells += frame
    frameCount += 1
  }

  /// The same video as displayed: cells change places, velocities their axes and signs.
  func turned(_ orientation: Orientation) -> MotionVideo {
    if orientation == .upright { return self }
    var turned = MotionVideo(grid: orientation.turned(grid))
    turned.silentCodec = silentCodec
    for frame in 0..<frameCount {
      var numbers: [Int16] = []
      numbers.reserveCapacity(frameLength)
      for y in 0..<turned.grid.height {
        for x in 0..<turned.grid.width {
          let place = orientation.stored(x: x, y: y, in: grid)
          let start = frame * frameLength + (place.y * grid.width + place.x) * 3
          let right = orientation.mirroredX ? -cells[start] : cells[start]
          let down = orientation.mirroredY ? -cells[start + 1] : cells[start + 1]
          numbers += orientation.transposed ? [down, right] : [right, down]
          numbers.append(cells[start + 2])
        }
      }
      turned.append(numbers)
    }
    return turned
  }
}
