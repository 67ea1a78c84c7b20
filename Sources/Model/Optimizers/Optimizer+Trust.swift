// `unsafe` is sound here because blocks are cut from the ranges of the layout's tensors.
import Tensors

extension Optimizer {
  /// LARS's factor for each tensor: η ‖w‖ / ‖g + λ w‖, and 1 where one of the two is zero or the
  /// tensor is not adapted.
  ///
  /// Squares are summed in double precision over blocks at fixed places, and the blocks in their
  /// order: the bits do not depend on the lanes.
  func trustRatios(
    _ values: AlignedStorage, _ gradients: AlignedStorage, scale: Float, lanes: LanePool
  ) throws -> [Float] {
    let blocks = tensors.enumerated().filter(\.element.isAdapted).flatMap { number, tensor in
      stride(from: tensor.range.lowerBound, to: tensor.range.upperBound, by: Self.blockLength)
        .map { start in
          let end = min(start + Self.blockLength, tensor.range.upperBound)
          return (tensor: number, range: start..<end, decay: tensor.decay)
        }
    }
    let sums = Results((weight: 0.0, force: 0.0), count: blocks.count)
    try lanes.forEach(blocks.count) { index in
      var (weight, force) = (0.0, 0.0)
      for place in blocks[index].range {
        let w = unsafe values.base[place]
        let g = unsafe gradients.base[place] * scale + blocks[index].decay * w
        weight += Double(w) * Double(w)
        force += Double(g) * Double(g)
      }
      sums[index] = (weight, force)
    }
    var squares = [(weight: Double, force: Double)](repeating: (0, 0), count: tensors.count)
    for (block, sum) in zip(blocks, sums.values) {
      squares[block.tensor].weight += sum.weight
      squares[block.tensor].force += sum.force
    }
    return squares.map { square in
      guard square.weight > 0 && square.force > 0 else { return 1 }
      return Float(settings.trust * (square.weight / square.force).squareRoot())
    }
  }

  private static var blockLength: Int { 65_536 }
}
