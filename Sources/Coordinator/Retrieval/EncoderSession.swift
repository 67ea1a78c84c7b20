public import Collective
public import Model
public import Tensors
public import Video
public import Worker

/// Where an encoder's weights come from.
public enum WeightsSource: Sendable {
  /// The newest checkpoint of a run, with the run's own configuration.
  case run(String)
  /// A safetensors file.
  case file(String)
  /// Initial weights of a seed.
  case untrained(seed: UInt64)

  /// Loads the configuration and the weights.
  ///
  /// - Parameter named: the configuration that the user named; nil takes the run's own.
  public func load(
    _ named: RunConfiguration?
  ) throws -> (configuration: RunConfiguration, weights: EncoderWeights) {
    var configuration = named ?? RunConfiguration()
    var tensors: [String: (shape: [Int], values: [Float])] = [:]
    switch self {
    case .run(let path):
      if named == nil { configuration = try RunConfiguration.load(path + "/run.yaml") }
      let store = CheckpointStore(directory: path + "/checkpoints", keep: 2)
      guard let loaded = try store.loadNewest(), let weights = loaded.contents.tensors["weights"]
      else {
        throw DatasetError(
          description: "\(path) holds no checkpoint", code: .inputMissing)
      }
      tensors = WeightsFile.tensors(weights)
    case .file(let path): tensors = try WeightsFile.read(path)
    case .untrained(let seed): configuration.seed = seed
    }
    let network = try ResNet3D(
      configuration.encoder, frames: configuration.video.frames, size: configuration.video.size)
    let weights = EncoderWeights(network, seed: configuration.seed)
    if !tensors.isEmpty { try weights.load(tensors) }
    return (configuration, weights)
  }
}

/// An encoder that is ready to embed datasets.
public struct EncoderSession {
  /// The configuration that says what a clip is.
  public let configuration: RunConfiguration
  private let replica: Replica
  private let communicator: Communicator
  private let lanes: LanePool
  private let byteLimit: Int

  /// Loads weights and creates the lanes' primitives.
  public init(
    _ source: WeightsSource, configuration named: RunConfiguration?, lanes: Int,
    ranksOfMachine: Int, communicator: Communicator
  ) throws {
    let (configuration, weights) = try source.load(named)
    self.configuration = configuration
    self.communicator = communicator
    byteLimit = (configuration.video.cacheMegabytes << 20) / max(ranksOfMachine, 1)
    self.lanes = LanePool(count: lanes)
    replica = try Replica(
      weights, precision: configuration.precision, convolutions: configuration.convolutions,
      clips: configuration.embeddingClips, microbatches: lanes, lanes: self.lanes, memory: 0)
  }

  /// Embeds a split of a dataset, one unit row a readable video, keyed by id.
  public func embed(
    _ directory: String, split: Manifest.Split, clips: Int, feature: Feature
  ) throws -> (table: EmbeddingTable, unreadable: [String: String]) {
    var dataset = try Dataset(
      directory, split: split, configuration: configuration, byteLimit: byteLimit)
    try dataset.scan(communicator, lanes: lanes, badShare: configuration.video.badShare)
    let pass = EmbeddingPass(
      replica, source: dataset.source, sampleCount: dataset.count, clips: clips, feature: feature)
    let rows = try pass.run(communicator)
    let readable = (0..<dataset.count).filter { dataset.unreadable[$0] == nil }
    let samples = dataset.manifest.samples
    let table = EmbeddingTable(
      ids: readable.map { samples[$0].id }, rows: rows.rows(readable))
    let unreadable = dataset.unreadable.map { (samples[$0.key].id, $0.value) }
    return (table, Dictionary(uniqueKeysWithValues: unreadable))
  }
}

extension RunConfiguration {
  /// The clips that are embedded at once.
  var embeddingClips: Int { max(1, 2 * batch.videos / batch.microbatches) }
}
