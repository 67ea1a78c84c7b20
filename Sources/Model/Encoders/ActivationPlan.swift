/// Where everything lies that one microbatch keeps between its forward and its backward pass.
///
/// Made once from the network and the number of clips; all places are byte offsets, 64-byte
/// aligned, into one arena a microbatch.
struct ActivationPlan: Sendable {
  /// What one unit keeps.
  struct UnitPlace: Sendable {
    /// The convolution's output.
    let output: Int
    /// The output after batch norm, residual and ReLU.
    let result: Int
  }

  /// What the head keeps, in floats.
  struct HeadPlace: Sendable {
    let hidden: Int
    let normalized: Int
    let embedding: Int
  }

  let clips: Int
  let width: Int
  /// The clips as loaded, N·C·T·H·W floats.
  let input: Int
  let units: [UnitPlace]
  /// The stem's pooled output and the winning taps.
  let pooled: Int
  let winners: Int
  /// The pooled features, N·F floats.
  let features: Int
  let head: HeadPlace?
  /// Batch means and biased variances, and 1/√(variance + ε), in the statistics' layout.
  let moments: Int
  let inverses: Int
  let byteCount: Int
  /// The bytes of the largest activation or gradient.
  let largest: Int

  init(_ network: ResNet3D, clips: Int, precision: Precision) {
    var used = 0
    func place(_ bytes: Int) -> Int {
      defer { used += (bytes + 63) / 64 * 64 }
      return used
    }
    let width = precision.width
    self.clips = clips
    self.width = width
    input = place(4 * clips * network.clipElements)
    var largest = 0
    units = network.units.map { unit in
      let bytes = clips * unit.output.positions * unit.outputChannels * width
      let inputBytes = clips * unit.input.positions * unit.inputChannels * width
      largest = max(largest, bytes, unit.isFirst ? 0 : inputBytes)
      return UnitPlace(output: place(bytes), result: place(bytes))
    }
    let pooledElements = (network.pooled?.positions ?? 0) * clips * network.stem.outputChannels
    pooled = place(pooledElements * width)
    winners = place(pooledElements)
    features = place(4 * clips * network.features)
    head = network.head.map { head in
      HeadPlace(
        hidden: place(4 * clips * head.hidden), normalized: place(4 * clips * head.hidden),
        embedding: place(4 * clips * head.width))
    }
    moments = place(4 * network.layout.statisticsCount)
    inverses = place(4 * network.layout.statisticsCount)
    byteCount = used
    self.largest = largest
  }
}
