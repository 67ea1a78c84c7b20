// `unsafe` is sound here because every range comes from the layout that sized the buffers.
public import Tensors

/// The weights and running statistics of an encoder, shared by the lanes of a rank.
///
/// Lanes only read them; they are written between two steps, when no lane runs.
public final class EncoderWeights: Sendable {
  /// The plan that names the places.
  public let network: ResNet3D
  /// All parameters, flat, in forward order.
  public let values: AlignedStorage
  /// All running statistics, flat, in forward order.
  public let statistics: AlignedStorage

  /// Creates initial weights from a seed: convolutions normal with variance 2/fan-out (He et al.,
  /// ICCV 2015), linear layers uniform in ± 1/√fan-in, scales one, shifts zero.
  public init(_ network: ResNet3D, seed: UInt64) {
    self.network = network
    values = AlignedStorage(count: network.layout.parameterCount)
    statistics = AlignedStorage(count: network.layout.statisticsCount)
    for (index, entry) in network.layout.parameters.enumerated() {
      var random = RandomStream(seed: seed, purpose: .weights, sample: index)
      Self.write(Self.initial(entry, using: &random), to: values, at: entry.range)
    }
    for entry in network.layout.statistics {
      let start: Float = entry.kind == .one ? 1 : 0
      Self.write(
        [Float](repeating: start, count: entry.range.count), to: statistics, at: entry.range)
    }
  }

  /// The names and values of all parameters and running statistics.
  public var tensors: [(name: String, shape: [Int], values: [Float])] {
    func read(_ entry: ParameterLayout.Entry, _ storage: AlignedStorage) -> (
      name: String, shape: [Int], values: [Float]
    ) {
      (entry.name, entry.shape, unsafe Array(storage.buffer[entry.range]))
    }
    return network.layout.parameters.map { read($0, values) }
      + network.layout.statistics.map { read($0, statistics) }
  }

  /// What makes the weights useless, in words: elements that are NaN or infinite, or a variance below zero.
  public var problem: String? {
    for tensor in tensors {
      let wrong = tensor.values.count { !$0.isFinite }
      if wrong > 0 {
        return "\(wrong) of \(tensor.values.count) elements of '\(tensor.name)' are NaN or infinite"
      }
      if tensor.name.hasSuffix("running_var"), let least = tensor.values.min(), least < 0 {
        return "'\(tensor.name)' has a variance of \(least)"
      }
    }
    return nil
  }

  /// Replaces all parameters and running statistics by those of the same names.
  ///
  /// - Throws: where a name is missing or a shape differs; then nothing has changed.
  public func load(_ tensors: [String: (shape: [Int], values: [Float])]) throws(ModelError) {
    let places =
      network.layout.parameters.map { ($0, values) }
      + network.layout.statistics.map { ($0, statistics) }
    for (entry, _) in places {
      guard let tensor = tensors[entry.name] else {
        throw ModelError("the weights lack '\(entry.name)' \(entry.shape)")
      }
      guard tensor.shape == entry.shape, tensor.values.count == entry.range.count else {
        throw ModelError(
          "'\(entry.name)' is \(tensor.shape) in the file and \(entry.shape) in the network")
      }
    }
    for (entry, storage) in places {
      if let tensor = tensors[entry.name] {
        Self.write(tensor.values, to: storage, at: entry.range)
      }
    }
  }

  /// Moves the running statistics towards a batch's, as PyTorch does with momentum 0.1.
  ///
  /// - Parameter batch: the batch's means and unbiased variances, in the layout's order.
  public func updateStatistics(towards batch: UnsafeBufferPointer<Float>) {
    precondition(batch.count == statistics.count)
    for index in 0..<statistics.count {
      unsafe statistics.base[index] = 0.9 * statistics.base[index] + 0.1 * batch[index]
    }
  }

  private static func write(_ values: [Float], to storage: AlignedStorage, at range: Range<Int>) {
    for (offset, value) in values.enumerated() {
      unsafe storage.base[range.lowerBound + offset] = value
    }
  }

  private static func initial(
    _ entry: ParameterLayout.Entry, using random: inout RandomStream
  ) -> [Float] {
    let count = entry.range.count
    switch entry.kind {
    case .zero: return [Float](repeating: 0, count: count)
    case .one: return [Float](repeating: 1, count: count)
    case .linear(let fanIn):
      let bound = 1 / Float(fanIn).squareRoot()
      return (0..<count).map { _ in random.uniform(in: -bound...bound) }
    case .convolution:
      let fanOut = entry.shape[0] * entry.shape[2...].reduce(1, *)
      return random.normals(count, deviation: (2 / Double(fanOut)).squareRoot())
    }
  }
}
