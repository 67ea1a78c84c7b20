internal import Clustering
import Foundation
internal import Model
internal import Tensors
internal import Video
internal import Worker

/// What a run will take on any number of ranks: arithmetic on the time of a microbatch.
///
/// A rank stands for a machine like the one that was measured, with as many lanes. Left out are what
/// depends on the cluster or on the files: the network between ranks, and decoding.
public struct RunEstimate: Codable, Sendable, Equatable {
  /// What a number of ranks makes of it.
  public struct Row: Codable, Sendable, Equatable {
    /// The ranks.
    public var ranks: Int
    /// The lanes of a rank that have work.
    public var lanes: Int
    /// The arenas of a rank, in bytes; nil where memoryMegabytes does not hold them.
    public var arena_bytes: Int?
    /// The encoders' weights, packed copies, gradients, average and optimiser of a rank, and what rank 0
    /// copies of them to save, in bytes.
    public var weight_bytes: Int
    /// Whether activations are kept; otherwise the forward pass is computed twice.
    public var keeps_activations: Bool
    /// Seconds of a step.
    public var step_seconds: Double
    /// Seconds of an embedding pass for labels; nil where there is none.
    public var embedding_seconds: Double?
    /// Seconds of a clustering; nil where there is none, or its method has no model.
    public var cluster_seconds: Double?
    /// Seconds of an epoch of training, without labels.
    public var epoch_seconds: Double
    /// Hours of the whole run, labels included.
    public var total_hours: Double
    /// Why it cannot run so.
    public var problem: String?
  }

  /// The objective.
  public var objective: String
  /// The training videos.
  public var videos: Int
  /// The epochs of the configuration.
  public var epochs: Int
  /// The steps of an epoch.
  public var steps_per_epoch: Int
  /// The steps of the run.
  public var steps: Int
  /// The clips of a step.
  public var clips_per_step: Int
  /// The parts that a step is computed in.
  public var microbatches: Int
  /// How often videos are clustered.
  public var clusterings: Int
  /// The encoders that learn.
  public var encoders: Int
  /// All their weights' gradients, which every rank sends and receives each step, in bytes.
  public var gradient_bytes: Int
  /// All training videos decoded, in bytes; nil where their length is not known.
  public var decoded_bytes: Int?
  /// What the ranks of a machine keep of them together, in bytes.
  public var cache_bytes: Int
  /// What the times are made of.
  public var timing: StepTiming
  /// Whether they were measured here.
  public var measured: Bool
  /// One row for each number of ranks that divides the microbatches.
  public var rows: [Row]

  /// Estimates a run.
  ///
  /// - Parameters:
  ///   - videos: the training videos.
  ///   - videoBytes: the bytes of a decoded video, in the mean; nil where nobody knows.
  ///   - lanes: the lanes of each rank.
  ///   - given: the time of a microbatch; nil measures it.
  /// - Throws: `DatasetError` for too few videos; where the step cannot be computed here at all.
  public init(
    _ configuration: RunConfiguration, videos: Int, videoBytes: Double?, lanes: Int,
    given: StepTiming? = nil
  ) throws {
    let batch = configuration.batch
    guard videos >= configuration.videosPerStep else {
      throw DatasetError(
        description: "\(videos) training videos are fewer than \(configuration.videosOfStep)",
        code: .badData)
    }
    let objective = try configuration.objective.make()
    let views = objective.views.count
    func viewCount(by source: View.Source) -> Int { objective.views.count { $0.source == source } }
    let keys = viewCount(by: .momentum)
    let perMicrobatch = configuration.videosPerMicrobatch
    let clips = perMicrobatch * (views - keys)
    let lanes = max(1, min(lanes, batch.microbatches))
    let timing =
      try given ?? StepTiming(measuring: configuration, clips: clips, lanes: lanes)
    let network = try configuration.network()
    let weights = EncoderWeights(network, seed: configuration.seed)
    let choices = try KernelSource.standard.choices(
      configuration.convolutions, configuration.kernelTiming())
    func packed(clips: Int, isTraining: Bool) throws -> PackedWeights {
      try PackedWeights(
        weights, clips: clips, precision: configuration.precision, choices: choices,
        isTraining: isTraining, lanes: LanePool(count: lanes))
    }
    let isAverageAsked = keys > 0 || configuration.labels.weights == .averaged
    let arenas = RankArenas(
      trained: try [View.Source.trained, .partner].map(viewCount).filter { $0 > 0 }.map {
        try packed(clips: perMicrobatch * $0, isTraining: true)
      },
      averaged: isAverageAsked
        ? try packed(clips: perMicrobatch * max(keys, 1), isTraining: false) : nil,
      embedsKeys: keys > 0)

    self.objective = configuration.objective.name.rawValue
    self.videos = videos
    epochs = configuration.epochs
    steps_per_epoch = videos / configuration.videosPerStep
    steps = configuration.steps(samples: videos, views: views)
    clips_per_step = configuration.videosPerStep * views
    microbatches = batch.microbatches
    let passes = (steps + steps_per_epoch - 1) / steps_per_epoch
    clusterings = objective.usesLabels ? configuration.labels.clusterings(epochs: passes) : 0
    encoders = objective.views.contains { $0.source == .partner } ? 2 : 1
    gradient_bytes =
      encoders * (network.layout.parameterCount + network.layout.statisticsCount) * 4
    decoded_bytes = videoBytes.map { Int(min($0 * Double(videos), 0x1p62)) }
    cache_bytes = configuration.video.cacheMegabytes << 20
    self.timing = timing
    measured = given == nil
    rows = []
    for ranks in 1...batch.microbatches where batch.microbatches % ranks == 0 {
      rows.append(
        row(
          configuration, network, arenas, ranks: ranks, lanes: lanes, clips: clips,
          keyShare: Double(keys) / Double(views - keys)))
    }
  }

  private func row(
    _ configuration: RunConfiguration, _ network: ResNet3D, _ arenas: RankArenas, ranks: Int,
    lanes: Int, clips: Int, keyShare: Double
  ) -> Row {
    let share = microbatches / ranks
    let lanes = min(lanes, share)
    let shares = (0..<lanes).map { ($0 + 1) * share / lanes - $0 * share / lanes }
    var row = Row(
      ranks: ranks, lanes: lanes,
      weight_bytes: arenas.weightBytes(shares, configuration.optimizer),
      keeps_activations: true, step_seconds: 0, epoch_seconds: 0, total_hours: 0)
    do throws(ModelError) {
      (row.arena_bytes, row.keeps_activations) = try arenas.fitting(
        shares: shares, budget: configuration.memoryMegabytes << 20)
    } catch {
      row.problem = error.reason
      row.keeps_activations = false
    }
    let turns = Double((share + lanes - 1) / lanes)
    let again = row.keeps_activations ? 0 : timing.embedding
    row.step_seconds =
      turns * (timing.microbatch + again + keyShare * timing.embedding)
      + Double(encoders) * timing.update
    row.epoch_seconds = row.step_seconds * Double(steps_per_epoch)
    var labels = 0.0
    if clusterings > 0 {
      if configuration.labels.source == .pass {
        let shown = configuration.labels.clips * configuration.labels.shows.count
        let blocks = Double(videos * shown) / Double(clips)
        row.embedding_seconds = (blocks / Double(ranks * lanes)).rounded(.up) * timing.embedding
      }
      row.cluster_seconds = ClusteringTime.seconds(
        configuration.labels, rows: videos,
        width: network.width(of: configuration.labels.feature)
          * configuration.labels.shows.count,
        lanes: ranks * lanes)
      labels = (row.embedding_seconds ?? 0) + (row.cluster_seconds ?? 0)
    }
    row.total_hours =
      (row.step_seconds * Double(steps) + labels * Double(clusterings)) / 3600
    return row
  }
}

/// The encoders of a rank, whose arenas share its memory as in `TrainingRun`.
private struct RankArenas {
  /// One, or two where the objective has an encoder a view.
  let trained: [PackedWeights]
  /// The running average that embeds keys, or videos for labels.
  let averaged: PackedWeights?
  let embedsKeys: Bool

  /// The bytes of all, and whether the trained ones keep their activations.
  func fitting(
    shares: [Int], budget: Int
  ) throws(ModelError) -> (bytes: Int, keepsActivations: Bool) {
    let slots = shares.map { _ in embedsKeys ? 1 : 0 }
    let besides = averaged.map { ArenaMemory($0, slots: slots).byteCount } ?? 0
    var (bytes, keepsActivations) = (besides, true)
    for packed in trained {
      let memory = try ArenaMemory.fitting(
        packed, shares: shares, budget: max(0, budget - besides) / trained.count)
      bytes += memory.byteCount
      keepsActivations = keepsActivations && memory.keepsActivations
    }
    return (bytes, keepsActivations)
  }

  /// The bytes of weights and packed copies, their average, the lanes' gradient sums and the optimiser's
  /// moments; and of a checkpoint.
  func weightBytes(_ shares: [Int], _ optimizer: OptimizerSettings) -> Int {
    let layout = trained[0].weights.network.layout
    let whole = 4 * (layout.parameterCount + layout.statisticsCount)
    let sums = shares.reduce(0) { $0 + Replica.gradientBuffers(microbatches: $1) } * whole
    let moments = 4 * layout.parameterCount * (optimizer.name.isAdaptive ? 2 : 1)
    let average = optimizer.averageDecay > 0 ? whole : 0
    let checkpoint = trained.count * (whole + moments) + average
    return trained.reduce((averaged?.byteCount ?? average) + checkpoint) {
      $0 + $1.byteCount + sums + moments
    }
  }
}

/// How long exact agglomerative clustering takes.
///
/// Fitted to `kindreel bench cluster` on AMD EPYC (Zen 4): 100,000 rows of 128 columns take 10.0 s on
/// two lanes, of 512 columns 36.0 s; 200,000 of 128 columns 37.7 s; 20,000 of 512 columns 3.24 s on one
/// lane and 1.92 s on two ranks of one, so 0.19 of the work is not shared.
enum ClusteringTime {
  /// The seconds; nil for what has not been fitted.
  static func seconds(
    _ labels: LabelSettings, rows: Int, width: Int, lanes: Int
  ) -> Double? {
    guard labels.method == .agglomerative, labels.linkage.sharesSearches(on: labels.metric),
      labels.linkage != .single, !labels.linkage.hasInversions
    else { return nil }
    let alone = 16.9 * pow(Double(rows) / 1e5, 1.91) * pow(Double(width) / 128, 0.92)
    return alone * (0.19 + 0.81 / Double(lanes))
  }
}

extension LabelSettings {
  /// How often a run of some epochs clusters.
  func clusterings(epochs: Int) -> Int {
    // Labels of a file are found by nobody.
    guard epochs > warmupEpochs, file.isEmpty else { return 0 }
    return every == 0 ? 1 : (epochs - warmupEpochs + every - 1) / every
  }
}

extension Dataset {
  /// The bytes that a decoded video takes, in the mean of up to eight over the list; nil where none of
  /// them can be decoded at once.
  public func decodedBytes() -> Double? {
    let picked = Set((0..<8).map { $0 * count / 8 }).sorted()
    var sizes: [Int] = []
    for sample in picked {
      if let video = try? source.frames.video(sample) { sizes.append(video.pixels.count) }
    }
    return sizes.isEmpty ? nil : Double(sizes.reduce(0, +)) / Double(sizes.count)
  }
}
