// `unsafe` is sound here because both sides are buffers of one layout, checked to be of one length.
public import Tensors

/// A moving average of an encoder's weights and running statistics.
///
/// After every step a ← a + (1 − m)(w − a), as PyTorch's `get_ema_multi_avg_fn`; it starts equal to
/// the weights. Tarvainen and Valpola, "Mean teachers", NeurIPS 2017; He et al., "Momentum
/// contrast", CVPR 2020, equation 2. Running statistics follow in the same way, so the average can
/// embed with them.
public struct WeightAverage: Sendable {
  /// The average.
  public let weights: EncoderWeights
  private let decay: Float

  /// Starts with the weights as they are.
  public init(of trained: EncoderWeights, decay: Double) {
    weights = EncoderWeights(trained.network, seed: 0)
    self.decay = Float(decay)
    weights.values.assign(trained.values.array)
    weights.statistics.assign(trained.statistics.array)
  }

  /// Takes in the weights after a step, each lane a share: element by element.
  public func follow(_ trained: EncoderWeights, lanes: LanePool) throws {
    let rest = 1 - decay
    for (average, current) in [
      (weights.values, trained.values), (weights.statistics, trained.statistics),
    ] {
      let count = average.count
      precondition(current.count == count, "\(current.count) weights for \(count)")
      try lanes.run { lane in
        let (target, source) = unsafe (average.base, current.base)
        for index in lane * count / lanes.count..<(lane + 1) * count / lanes.count {
          unsafe target[index] += rest * (source[index] - target[index])
        }
      }
    }
  }
}
