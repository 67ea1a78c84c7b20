/// How stored pictures are turned or mirrored for display; one of the eight symmetries of a square.
struct Orientation: Sendable, Equatable {
  /// Rows and columns change places.
  var transposed = false
  /// The stored picture's columns are read from right to left.
  var mirroredX = false
  /// The stored picture's rows are read from bottom to top.
  var mirroredY = false

  /// As stored.
  static let upright = Orientation()

  /// The nearest symmetry of libav's display matrix, (x, y) ↦ (a·x + c·y, b·x + d·y).
  ///
  /// Turns by anything but right angles are not applied.
  init(a: Int32, b: Int32, c: Int32, d: Int32) {
    let (straight, turned) = (
      min(a.magnitude, d.magnitude), min(b.magnitude, c.magnitude)
    )
    if straight > turned {
      mirroredX = a < 0
      mirroredY = d < 0
    } else if turned > straight {
      transposed = true
      mirroredX = b < 0
      mirroredY = c < 0
    }
  }

  init() {}

  /// Whether left and right change places, whatever the turn.
  var isMirrored: Bool { [transposed, mirroredX, mirroredY].count { $0 } % 2 == 1 }

  /// How far the stored picture is turned clockwise, after it was mirrored if it is.
  var degrees: Int {
    switch (transposed, mirroredX, mirroredY) {
    case (false, _, false): 0
    case (false, _, true): 180
    case (true, _, _): mirroredX ? 270 : 90
    }
  }

  /// A stored size as displayed, or the other way round.
  func turned(_ size: PixelSize) -> PixelSize {
    transposed ? PixelSize(width: size.height, height: size.width) : size
  }

  /// The stored place of a displayed pixel, in a stored picture of `size`.
  func stored(x: Int, y: Int, in size: PixelSize) -> (x: Int, y: Int) {
    let (column, row) = transposed ? (y, x) : (x, y)
    return (
      mirroredX ? size.width - 1 - column : column, mirroredY ? size.height - 1 - row : row
    )
  }

  /// The stored place of a displayed rectangle, in a stored picture of `size`.
  func stored(_ crop: CropRectangle, in size: PixelSize) -> CropRectangle {
    let first = stored(x: crop.x, y: crop.y, in: size)
    let last = stored(x: crop.x + crop.width - 1, y: crop.y + crop.height - 1, in: size)
    return CropRectangle(
      x: min(first.x, last.x), y: min(first.y, last.y), width: abs(last.x - first.x) + 1,
      height: abs(last.y - first.y) + 1)
  }
}
