// `unsafe` is sound here because pieces are cut from the ranges of the layout's tensors.
import Tensors

extension Optimizer {
  /// LARS's factor for each tensor: η ‖w‖ / ‖g + λ w‖, and 1 where one of the two is zero or the
  /// tensor is not adapted.
  ///
  /// Squares are summed in double precision over pieces at fixed places, and the pieces in their
  /// order: the bits do not depend on the lanes.
  func trustRatios(
    _ values: AlignedStorage, _ gradients: AlignedStorage, scale: Float, lanes: LanePool
  ) throws -> [Float] {
    let sums = Results((weight: 0.0, force: 0.0), count: pieces.count)
    try lanes.forEach(pieces.count) { [self] index in
      let (piece, tensor) = (pieces[index], tensors[pieces[index].tensor])
      guard tensor.isAdapted else { return }
      var (weight, force) = (0.0, 0.0)
      for place in piece.range {
        let w = unsafe values.base[place]
        let g = unsafe gradients.base[place] * scale + tensor.decay * w
        weight += Double(w) * Double(w)
        force += Double(g) * Double(g)
      }
      sums[index] = (weight, force)
    }
    var squares = [(weight: Double, force: Double)](repeating: (0, 0), count: tensors.count)
    for (piece, sum) in zip(pieces, sums.values) {
      squares[piece.tensor].weight += sum.weight
      squares[piece.tensor].force += sum.force
    }
    return squares.map { square in
      guard square.weight > 0 && square.force > 0 else { return 1 }
      return Float(settings.trust * (square.weight / square.force).squareRoot())
    }
  }
}
