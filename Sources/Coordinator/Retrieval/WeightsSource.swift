internal import Collective
import Foundation
public import Model
public import Tensors
internal import Video
internal import Worker

/// Where an encoder's weights come from.
public enum WeightsSource: Sendable {
  /// The newest checkpoint of a run, with the run's own configuration.
  case run(String)
  /// A file of weights: `.pth`, `.pt` or `.safetensors`.
  case file(String)
  /// Initial weights: those of the configuration's file, or random ones of a seed.
  case untrained(seed: UInt64)

  /// Loads the configuration and the weights.
  ///
  /// - Parameters:
  ///   - named: the configuration that the user named; nil takes the run's own.
  ///   - clip: the clips that will be embedded; nil takes the configuration's.
  public func load(
    _ named: RunConfiguration?, for clip: ClipExtent? = nil
  ) throws -> LoadedEncoder {
    var configuration = named ?? RunConfiguration()
    var checkpoint: LoadedCheckpoint?
    switch self {
    case .run(let path):
      if named == nil { configuration = try RunConfiguration.load(ofRun: path) }
      let store = CheckpointStore(directory: path + "/checkpoints", keep: 2)
      checkpoint = try store.loadNewest()
    case .file: break
    case .untrained(let seed): configuration.seed = seed
    }
    let contents = checkpoint?.contents
    let clip = clip ?? ClipExtent(configuration.video)
    let network = try ResNet3D(
      configuration.encoder, frames: clip.frames, height: clip.height, width: clip.width)
    let weights = EncoderWeights(network, seed: configuration.seed)
    var mapping: WeightMapping?
    var origin: String
    switch self {
    case .run(let path):
      let name = configuration.evaluation.weights == .averaged ? "average" : "weights"
      guard let contents, let saved = contents.tensors[name] else {
        throw DatasetError(
          description: "\(path) holds no checkpoint with \(name)", code: .inputMissing)
      }
      do {
        try weights.load(WeightsFile.floats(of: saved.entries))
      } catch {
        throw DatasetError(
          description: "\(checkpoint?.path ?? path): does not fit the network of "
            + "\(named == nil ? "run.yaml" : "--config"): \(error)",
          code: .configuration)
      }
      origin =
        "run \(Self.lastComponent(path)), \(contents.epoch) epochs, \(contents.step) steps, "
        + "configuration \(contents.configurationHash)"
    case .file(let path):
      mapping = try WeightsFile.load(path, into: weights, omitting: configuration.encoder.partial)
      origin = "file \(Self.lastComponent(path)), sha256 \(try WeightsFile.hash(of: path))"
    case .untrained(let seed):
      mapping = try WeightsFile.loadInitial(configuration.encoder, into: weights)
      origin = "initial weights of seed \(seed)"
    }
    return LoadedEncoder(
      configuration: configuration, weights: weights, origin: origin, mapping: mapping,
      skipped: checkpoint?.skipped ?? [],
      trainedWith: contents.flatMap { SavedKernels.choices(in: $0, for: configuration, network) })
  }

  private static func lastComponent(_ path: String) -> String {
    URL(fileURLWithPath: path).lastPathComponent
  }
}

/// The frames, height and width of clips.
public struct ClipExtent: Sendable, Equatable {
  let frames, height, width: Int
}

extension ClipExtent {
  /// The clips that are cut from videos.
  init(_ settings: VideoSettings) {
    self.init(frames: settings.frames, height: settings.size, width: settings.size)
  }
}

/// An encoder's weights and what is known about them.
public struct LoadedEncoder: Sendable {
  /// The configuration that says what a clip is.
  public let configuration: RunConfiguration
  /// The weights, in the network that they fill.
  public let weights: EncoderWeights
  /// Where they come from, in words that stay true when the file is moved.
  public let origin: String
  /// What a foreign file filled; nil for weights of our own.
  public let mapping: WeightMapping?
  /// One sentence for each newer checkpoint that is damaged, so that an older one was taken.
  let skipped: [String]
  /// The kernels that trained the weights, where a checkpoint tells and the precision is the same.
  let trainedWith: KernelChoices?

  /// What was taken from a foreign file and what was not, or which newer checkpoints are damaged; nil
  /// where there is nothing to tell.
  public var report: String? {
    if let mapping { return mapping.summary }
    return skipped.isEmpty ? nil : skipped.joined(separator: "; ") + "; taken is \(origin)"
  }

  /// The weights under torchvision's names, with their origin in the metadata.
  ///
  /// - Throws: where a head is wanted that the weights do not hold.
  public func export(withHead: Bool) throws(ModelError) -> SafeTensors {
    if withHead { try check(.head) }
    let (video, colours) = (configuration.video, configuration.augmentation.normalised)
    var file = WeightsFile.safeTensors(
      weights,
      metadata: [
        "origin": origin,
        "encoder": configuration.encoder.summary,
        "clip": "3×\(video.frames)×\(video.size)×\(video.size), every \(video.stride) frames",
        "mean": colours.mean.listed, "deviation": colours.deviation.listed,
      ])
    if !withHead { file.entries.removeAll { $0.name.hasPrefix("head.") } }
    return file
  }

  /// Refuses the output of a projection head that the weights do not hold.
  func check(_ feature: Feature) throws(ModelError) {
    if feature == .head && (mapping?.fillsHead == false || !weights.network.hasHead) {
      throw ModelError(
        "the weights hold no projection head; pooled features need none, but --protocol slic does")
    }
  }
}

extension LoadedEncoder {
  /// Refuses ranks that have loaded different weights, as while a run writes another checkpoint.
  func checkEqual(_ communicator: Communicator) throws {
    let differing = try communicator.allEqual(
      hash: UInt64(weights.contentHash.prefix(16), radix: 16) ?? 0)
    guard differing.isEmpty else {
      throw ReplicaError(
        description:
          "the weights that ranks \(differing.map(\.rank)) have loaded differ from rank 0's "
          + "(\(origin))")
    }
  }
}

extension EncoderArchitecture {
  /// The backbone in words.
  var summary: String {
    "R3D-\(depth), width \(width), stem \(stemTime)×7×7, "
      + "\(stemPool ? "max-pool" : "no pool"), shortcut \(shortcut.rawValue)"
  }
}

extension [Float] {
  /// The numbers with commas between them.
  var listed: String { map { "\($0)" }.joined(separator: ", ") }
}
