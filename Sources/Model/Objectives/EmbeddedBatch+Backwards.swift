import Tensors

/// Videos played backwards as other videos: sample s of N, backwards, is sample N + s, and has labels of
/// its own, which it shares with those, backwards, that share the labels of s.
extension EmbeddedBatch {
  /// A batch of two views and the same two backwards, 4 × B×D, as one of two views, 2 × 2B×D, of twice
  /// the samples: as filmed first, then backwards.
  func tellingBackwardsApart() -> EmbeddedBatch {
    precondition(views.count == 4, "\(views.count) views are not two in both directions")
    func joined(_ view: Int) -> Matrix {
      let (filmed, backwards) = (views[view], views[view + 2])
      return Matrix(
        rows: filmed.rows + backwards.rows, columns: filmed.columns,
        values: filmed.values + backwards.values)
    }
    return EmbeddedBatch(
      views: [joined(0), joined(1)],
      samples: (0..<2).map { view in
        samples[view] + samples[view + 2].map { $0 + fine.count }
      },
      fine: Self.inBothDirections(fine), coarse: Self.inBothDirections(coarse),
      step: step, seed: seed)
  }

  /// Labels of N samples, then those of the same ones backwards; −1 stays −1.
  private static func inBothDirections(_ labels: [Int32]) -> [Int32] {
    let count = (labels.max() ?? -1) + 1
    return labels + labels.map { $0 < 0 ? $0 : $0 + count }
  }
}

extension LossAndGradient {
  /// The result for the batch that was told apart: a gradient for each of its four views, and the pairs
  /// among its `samples` as filmed.
  func ofBothDirections(samples: Int) -> LossAndGradient {
    let halves = gradients.map { $0.split(into: 2) }
    return LossAndGradient(
      loss: loss, gradients: halves.map { $0[0] } + halves.map { $0[1] }, statistics: statistics,
      pairs: pairs.below(samples))
  }
}
