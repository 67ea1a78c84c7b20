/// One frame's motion vectors, summed into the cells of a grid as they are read.
///
/// A vector counts for every cell that its block covers, with the area that they share. Vectors from
/// earlier and from later pictures are kept apart until it is known how far away those are.
struct MotionTally: Sendable {
  /// A codec's vector: the block's centre and size, and where the block was or will be.
  struct Vector: Sendable, Equatable {
    /// Whether the block comes from a later picture.
    var isFromLater: Bool
    /// The block's middle, in stored pixels.
    var x, y: Float
    /// The block's size in pixels.
    var width, height: Float
    /// From the block to its source, in pixels.
    var right, down: Float
  }

  /// Sums of right, down and area for a cell.
  private typealias Sums = SIMD3<Float>

  private let grid: PixelSize
  private let frame: PixelSize
  private var earlier: [Sums]
  private var later: [Sums]

  /// - Parameter frame: the stored size of this very frame, which the grid covers.
  init(grid: PixelSize, frame: PixelSize) {
    self.grid = grid
    self.frame = frame
    earlier = Array(repeating: .zero, count: grid.width * grid.height)
    later = earlier
  }

  mutating func add(_ vector: Vector) {
    // In cells; a frame of another size than the first is spread over the same grid.
    let scale = SIMD2(
      Float(grid.width) / Float(frame.width), Float(grid.height) / Float(frame.height))
    let middle = SIMD2(vector.x, vector.y) * scale
    let half = SIMD2(vector.width, vector.height) * scale / 2
    let limit = SIMD2(Float(grid.width), Float(grid.height))
    let low = (middle - half).clamped(lowerBound: .zero, upperBound: limit)
    let high = (middle + half).clamped(lowerBound: .zero, upperBound: limit)
    let way = SIMD2(vector.right / Float(frame.width), vector.down / Float(frame.height))
    for y in Int(low.y)..<max(Int(low.y), Int(high.y.rounded(.up))) {
      let tall = min(high.y, Float(y + 1)) - max(low.y, Float(y))
      for x in Int(low.x)..<max(Int(low.x), Int(high.x.rounded(.up))) {
        let area = tall * (min(high.x, Float(x + 1)) - max(low.x, Float(x)))
        let sums = Sums(way.x * area, way.y * area, area)
        let cell = y * grid.width + x
        if vector.isFromLater { later[cell] += sums } else { earlier[cell] += sums }
      }
    }
  }

  /// The velocities, three numbers a cell as in `MotionVideo`: the mean over all vectors of a cell,
  /// zeros where there are none.
  ///
  /// - Parameters:
  ///   - before: the frames from the earlier picture to this one.
  ///   - after: the frames from this one to the later picture.
  func velocities(before: Int, after: Int) -> [Int16] {
    var numbers: [Int16] = []
    numbers.reserveCapacity(earlier.count * 3)
    for (past, future) in zip(earlier, later) {
      let area = past.z + future.z
      guard area > 0 else {
        numbers += [0, 0, 0]
        continue
      }
      // A block's way from an earlier source is the vector backwards; to a later one, the vector.
      let sum =
        SIMD2(future.x, future.y) / Float(after) - SIMD2(past.x, past.y) / Float(before)
      let way = (sum / area * MotionVideo.unit).rounded(.toNearestOrEven)
        .clamped(lowerBound: SIMD2(repeating: -32_767), upperBound: SIMD2(repeating: 32_767))
      numbers += [Int16(way.x), Int16(way.y), Int16((min(area, 1) * 256).rounded())]
    }
    return numbers
  }
}
