// `unsafe` is sound here because the map's place is the one that the arena was planned for, and it is
// read before the next pass.
public import Tensors

extension ResNet3D {
  /// The shape C·T·H·W of the last map, max-pooled in space alone as VCOP and IIC do to retrieve videos
  /// by it: squares of 2×2 pixels side by side in a map of 7×7 pixels, what is left over being dropped.
  ///
  /// Generally the squares have a third of the map's side, rounded down, and at least one pixel: 3×3 of
  /// them are left of most maps, 4×4 of 8×8. R3D-18 on 16×112² without stem pool gives 512·2·3·3 = 9,216
  /// numbers.
  public var mapShape: [Int] {
    let extent = lastMap
    let side = mapWindow
    return [features, extent.t, extent.h / side, extent.w / side]
  }

  /// The number of elements of `mapShape`.
  public var mapWidth: Int { mapShape.reduce(1, *) }

  var lastMap: Extent { blocks[blocks.count - 1].units.last?.output ?? stem.output }

  var mapWindow: Int { max(1, min(lastMap.h, lastMap.w) / 3) }
}

extension LaneEncoder {
  /// The pooled maps of evaluated clips, one row C·T·H·W each, right after their forward pass.
  public func featureMaps() -> Matrix {
    switch evaluation.precision {
    case .fp32:
      let values = unsafe lastMap.assumingMemoryBound(to: Float.self)
      return pooledMaps { unsafe values[$0] }
    case .bf16:
      let values = unsafe lastMap.assumingMemoryBound(to: UInt16.self)
      return pooledMaps { unsafe Float(bitPattern: UInt32(values[$0]) << 16) }
    }
  }

  /// The maps as computed, N·T·H·W·C.
  var lastMap: UnsafeMutableRawPointer {
    unsafe arena.places(.evaluation, slot: 0)[evaluation.map]
  }

  /// - Parameter value: an element of the maps, N·T·H·W·C.
  private func pooledMaps(_ value: (Int) -> Float) -> Matrix {
    let (channels, extent, side) = (network.features, network.lastMap, network.mapWindow)
    let shape = network.mapShape
    var result = Matrix(rows: clips, columns: network.mapWidth)
    for clip in 0..<clips {
      for t in 0..<extent.t {
        for y in 0..<shape[2] * side {
          for x in 0..<shape[3] * side {
            let from = (((clip * extent.t + t) * extent.h + y) * extent.w + x) * channels
            let to = (t * shape[2] + y / side) * shape[3] + x / side
            let isFirst = y % side == 0 && x % side == 0
            for channel in 0..<channels {
              let column = channel * shape[1] * shape[2] * shape[3] + to
              let value = value(from + channel)
              if isFirst || value > result[clip, column] { result[clip, column] = value }
            }
          }
        }
      }
    }
    return result
  }
}
