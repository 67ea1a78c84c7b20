/// A width and a height, in pixels.
public struct PixelSize: Sendable, Equatable {
  /// Pixels from left to right, W.
  public var width: Int
  /// Pixels from top to bottom, H.
  public var height: Int

  /// Creates a size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// This shape with a short side of `side` pixels; the long side is rounded to the nearest pixel.
  public func scaled(shortSide side: Int) -> PixelSize {
    func long(_ long: Int, _ short: Int) -> Int {
      max(1, Int((Double(long) * Double(side) / Double(short)).rounded()))
    }
    return width <= height
      ? PixelSize(width: side, height: long(height, width))
      : PixelSize(width: long(width, height), height: side)
  }
}

/// A rectangle of pixels inside a frame; the origin is the frame's top left corner.
public struct CropRectangle: Sendable, Equatable {
  /// The leftmost column.
  public var x: Int
  /// The topmost row.
  public var y: Int
  /// The number of columns.
  public var width: Int
  /// The number of rows.
  public var height: Int

  /// Creates a rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The square of a side in the middle of a frame, or the largest that fits.
  public init(centredIn size: PixelSize, side: Int) {
    let side = min(side, size.width, size.height)
    self.init(x: (size.width - side) / 2, y: (size.height - side) / 2, width: side, height: side)
  }

  /// Whether the rectangle has an area and lies inside a frame.
  public func isInside(_ size: PixelSize) -> Bool {
    x >= 0 && y >= 0 && width > 0 && height > 0 && width <= size.width && height <= size.height
      && x <= size.width - width && y <= size.height - height
  }
}
