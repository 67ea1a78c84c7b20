public import Collective
import Foundation
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
  private let replica: Replica
  private let communicator: Communicator
  private let lanes: LanePool
  private let byteLimit: Int

  /// Loads weights and creates the lanes' primitives.
  public init(
    _ source: WeightsSource, configuration named: RunConfiguration?, lanes: Int,
    ranksOfMachine: Int, communicator: Communicator
  ) throws {
    loaded = try source.load(named)
    let configuration = loaded.configuration
    self.communicator = communicator
    byteLimit = (configuration.video.cacheMegabytes << 20) / max(ranksOfMachine, 1)
    self.lanes = LanePool(count: lanes)
    let kernels = try KernelTrust(
      KernelCheck(
        loaded.weights.network, clips: configuration.embeddingClips,
        precision: configuration.precision,
        isTraining: false)
    ).settle(configuration.convolutions, communicator) { note in
      if communicator.rank == 0 {
        FileHandle.standardError.write(Data("kindreel: \(note)\n".utf8))
      }
    }
    replica = try Replica(
      loaded.weights, precision: configuration.precision, kernels: kernels,
      clips: configuration.embeddingClips, lanes: self.lanes, for: .embedding)
  }

  /// Embeds a split of a dataset, one unit row a readable video, keyed by id.
  public func embed(
    _ directory: String, split: Manifest.Split, clips: Int, feature: Feature
  ) throws -> (table: EmbeddingTable, unreadable: [String: String]) {
    try loaded.check(feature)
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
