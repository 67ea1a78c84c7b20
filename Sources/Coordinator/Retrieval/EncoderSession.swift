public import Collective
internal import Model
public import Tensors
public import Video
public import Worker

/// An encoder that is ready to embed datasets.
public struct EncoderSession {
  /// The configuration that says what a clip is.
  public var configuration: RunConfiguration { loaded.configuration }
  /// The weights, and what is known about them.
  public let loaded: LoadedEncoder
  /// SHA-256 of the weights and running statistics, as a run's summary has it.
  public let weightsHash: String
  let communicator: Communicator
  let lanes: LanePool
  private let replica: Replica
  private let byteLimit: Int

  /// Loads weights and creates the lanes' primitives.
  public init(
    _ source: WeightsSource, configuration named: RunConfiguration?, lanes: Int,
    ranksOfMachine: Int, communicator: Communicator
  ) throws {
    loaded = try source.load(named)
    let configuration = loaded.configuration
    self.communicator = communicator
    weightsHash = loaded.weights.contentHash
    try loaded.checkEqual(communicator)
    byteLimit = (configuration.video.cacheMegabytes << 20) / max(ranksOfMachine, 1)
    self.lanes = LanePool(count: lanes)
    let kernels = try loaded.kernels(clips: configuration.embeddingClips, communicator)
    replica = try Replica(
      loaded.weights, precision: configuration.precision, kernels: kernels,
      clips: configuration.embeddingClips, lanes: self.lanes, for: .embedding)
  }

  /// Embeds a split of a dataset, one row a readable video, keyed by id.
  public func embed(
    _ directory: String, split: Manifest.Split, recipe: EmbeddingRecipe
  ) throws -> EmbeddedVideos {
    try embed(
      try Dataset(directory, split: split, configuration: configuration, byteLimit: byteLimit),
      recipe: recipe)
  }

  /// Embeds single files; an id is the path as given.
  ///
  /// - Throws: `DatasetError` (65) if one of them cannot be read.
  public func embed(files: [String], recipe: EmbeddingRecipe) throws -> EmbeddedVideos {
    let manifest = Manifest(samples: files.map { Sample(id: $0, path: $0) }, seed: 0)
    let dataset = try Dataset(manifest, configuration: configuration, byteLimit: byteLimit)
    return try embed(dataset, badShare: 0, recipe: recipe)
  }

  private func embed(
    _ listed: Dataset, badShare: Double? = nil, recipe: EmbeddingRecipe
  ) throws -> EmbeddedVideos {
    try loaded.check(recipe.feature)
    var dataset = listed
    let badShare = badShare ?? configuration.video.badShare
    try dataset.scan(communicator, lanes: lanes, badShare: badShare)
    let pass = EmbeddingPass(
      replica, source: dataset.source, sampleCount: dataset.count, recipe: recipe)
    let (rows, failures) = try pass.run(communicator)
    try dataset.exclude(failures, badShare: badShare)
    let all = try rows.finite()
    // Unit rows of several contents side by side are longer.
    let areUnit = recipe.shows.count == 1 || !recipe.normalisesClips
    return EmbeddedVideos(dataset, rows: areUnit ? all : all.unitRows())
  }
}

/// The embeddings of videos, and which of them could not be read.
public struct EmbeddedVideos: Sendable {
  /// One row a readable video, keyed by id.
  public let table: EmbeddingTable
  /// The videos that cannot be read, with the reason.
  public let unreadable: [String: String]
  /// The footage of each video, readable or not, whose name tells it.
  let groups: [String: String]

  init(_ dataset: Dataset, rows: Matrix) {
    let samples = dataset.manifest.samples
    let readable = dataset.readable
    table = EmbeddingTable(ids: readable.map { samples[$0].id }, rows: rows.rows(readable))
    unreadable = Dictionary(
      uniqueKeysWithValues: dataset.unreadable.map { (samples[$0.key].id, $0.value) })
    groups = Dictionary(
      uniqueKeysWithValues: samples.compactMap { sample in sample.group.map { (sample.id, $0) } })
  }
}

extension EncoderWeights {
  /// SHA-256 of all weights and running statistics.
  var contentHash: String {
    var hash = ContentHash()
    hash.update(values.array)
    hash.update(statistics.array)
    return hash.hexadecimal
  }
}

extension RunConfiguration {
  /// The clips that are embedded at once.
  var embeddingClips: Int { max(1, 2 * batch.videos / batch.microbatches) }
}
