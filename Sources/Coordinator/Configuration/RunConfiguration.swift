public import Model
public import Video
public import Worker

/// Everything that decides what a run computes; written into the run directory and checkpoints.
///
/// It holds no rank counts, and of files what they hold beside where they lie: the same configuration, data and seed give the same bits
/// on any number of ranks and lanes.
public struct RunConfiguration: Codable, Sendable, Equatable {
  /// The seed of every random stream of the run.
  public var seed: UInt64 = 0
  /// How often the run passes over the training videos.
  public var epochs = 20
  /// Whether an objective with more than two views of a video ends earlier.
  public var budget = Budget.passes
  /// The number format of the encoder's products.
  public var precision = Precision.fp32
  /// How the encoder's convolutions are computed: directly, or by a form of Winograd's method.
  public var convolutions = ConvolutionMethod.auto
  /// Clips, and how videos are kept.
  public var video = VideoSettings()
  /// How training views are made.
  public var augmentation = AugmentationSettings()
  /// What each view of a video shows, in the objective's order; empty for what the objective names.
  public var views: [ViewRecipe] = []
  /// The network.
  public var encoder = EncoderArchitecture()
  /// How much a step takes in.
  public var batch = BatchSettings()
  /// What is learned, and how.
  public var objective = ObjectiveSettings()
  /// The update rule and its learning rate.
  public var optimizer = OptimizerSettings()
  /// Where pseudo labels come from.
  public var labels = LabelSettings()
  /// Memory for activations, gradients and scratch of one rank's lanes, in MiB; where keeping the
  /// activations of a step takes more, the forward pass is computed twice.
  public var memoryMegabytes = 8192
  /// How retrieval is measured.
  public var evaluation = EvaluationSettings()
  /// When checkpoints are written.
  public var checkpoint = CheckpointSettings()
  /// What is written about the run besides `metrics.jsonl`.
  public var log = LogSettings()
  /// How long a collective may wait for a rank, in seconds.
  public var deadlineSeconds = 300.0

  /// Creates the default configuration.
  public init() {}
}

/// What `epochs` count.
public enum Budget: String, Codable, Sendable, CaseIterable {
  /// Passes over the videos, however many views of each are embedded.
  case passes
  /// Clips: as many as two views of every video make in `epochs` passes; the last pass may be cut
  /// short. So objectives with different numbers of views see equally many.
  case clips
}

extension RunConfiguration {
  /// The videos of a microbatch: its share of `batch.videos`, or half of that, rounded up, where each
  /// is played in both directions and counts as two.
  var videosPerMicrobatch: Int {
    let share = batch.videos / batch.microbatches
    return objective.bothDirections ? (share + 1) / 2 : share
  }

  /// The videos of a step, over all ranks.
  var videosPerStep: Int { videosPerMicrobatch * batch.microbatches }

  /// The videos of a step in words.
  var videosOfStep: String {
    let half = videosPerStep < batch.videos ? " makes of a step, \(videosPerStep)" : ""
    return "batch.videos \(batch.videos)\(half)"
  }

  /// The steps of a whole run.
  func steps(samples: Int, views: Int) -> Int {
    let passes = epochs * (samples / videosPerStep)
    switch budget {
    case .passes: return passes
    case .clips: return max(1, passes * 2 / views)
    }
  }
}

/// How much a step takes in.
public struct BatchSettings: Codable, Sendable, Equatable {
  /// The videos of a step, over all ranks; with `objective.bothDirections` a video counts as two, one for
  /// each direction, so that a step has as many clips as without (a microbatch's share is rounded up).
  public var videos = 32
  /// The parts that a step is computed in, a power of two; each has its own batch statistics.
  public var microbatches = 4
  /// Whether a microbatch takes videos from anywhere, or always from the same shard of them.
  public var shards = Sharding.shuffled

  /// Creates the default settings.
  public init() {}
}

/// Which videos a microbatch, and so a rank, takes.
public enum Sharding: String, Codable, Sendable, CaseIterable {
  /// Any of them, others in every epoch.
  case shuffled
  /// In every epoch those of one shard; there is a shard for each microbatch. A rank then needs no more
  /// than its part of the videos, which a disk cache or a staged copy on its node can hold. Videos of one
  /// cluster meet in a step where they share a shard.
  case `static`
}

/// How retrieval is measured.
public struct EvaluationSettings: Codable, Sendable, Equatable {
  /// The clips of a video whose embeddings are averaged.
  public var clips = 3
  /// What is compared.
  public var feature = Feature.pooled
  /// What the clips show; of several, the features stand side by side.
  public var shows = [ViewRecipe.Content.rgb]
  /// Which weights of a run embed the videos.
  public var weights = TrainedWeights.current

  /// Creates the default settings.
  public init() {}
}

/// Which of the weights that a run keeps are meant.
public enum TrainedWeights: String, Codable, Sendable, CaseIterable {
  /// Those of the last step.
  case current
  /// Their moving average, `optimizer.averageDecay`.
  case averaged
}

/// What is written about a run besides `metrics.jsonl`.
public struct LogSettings: Codable, Sendable, Equatable {
  /// Whether the figures of `metrics.jsonl` are kept for TensorBoard, too, in `tensorboard/`.
  public var tensorboard = true

  /// Creates the default settings.
  public init() {}
}

/// When checkpoints are written.
public struct CheckpointSettings: Codable, Sendable, Equatable {
  /// Epochs from one checkpoint to the next.
  public var every = 1
  /// How many of the newest checkpoints stay.
  public var keep = 2

  /// Creates the default settings.
  public init() {}
}
