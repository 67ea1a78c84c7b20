internal import Model
public import Retrieval
public import Video

/// What a user asks of a fine-tuning.
///
/// The defaults are SLIC's (CVPR 2022, the released `coclr_classify.py`, after CoCLR): 150 epochs of Adam at
/// 10⁻³, the encoder at a tenth of that, a tenth of both from epochs 60 and 100 on, decay 10⁻³, dropout 0.9,
/// ten crops.
public struct FineTuningRequest: Sendable {
  /// The dataset's directory.
  public var data: String
  /// What is judged: the test list, or held-out groups of the training list.
  public var split = EvaluationReport.Queries.test
  /// Passes over the training videos.
  public var epochs = 150
  /// The classifier's learning rate at the start.
  public var learningRate = 1e-3
  /// The encoder's, as a share of that; 0 leaves it as it is, running statistics too.
  public var encoderShare = 0.1
  /// The rule by which weights follow their gradients.
  public var rule = Rule.adam
  /// The L2 penalty's factor, or with AdamW the share of the rate by which weights shrink.
  public var weightDecay = 1e-3
  /// The probability that an element of the pooled feature is left out.
  public var dropout = 0.9
  /// The clips of a judged video, whose scores are averaged.
  public var clips = 10
  /// The crops of each that are judged.
  public var crops = EvaluationView.Crops.ten
  /// Whether retrieval by the fine-tuned pooled feature is judged, too, as kindreel's own protocol does.
  public var judgesRetrieval = false
  /// The folder of the checkpoints; nil keeps none.
  public var checkpoints: String?
  /// Whether to go on from the newest checkpoint there.
  public var resumes = false

  /// How weights follow their gradients.
  public enum Rule: String, Codable, Sendable, CaseIterable {
    /// The published one; the classifier's intercepts decay, too.
    case adam
    /// The decay is apart from the gradient.
    case adamw
  }

  /// Asks for the defaults on the test list.
  public init(data: String) { self.data = data }
}

/// What `kindreel finetune` prints.
public struct FineTuningReport: Codable, Sendable, Equatable {
  /// What is judged.
  public var split: EvaluationReport.Queries
  /// How many videos are judged; every one counts.
  public var queries: Int
  /// Those of them that cannot be read; they count as misses.
  public var unreadable: Int
  /// The training videos.
  public var training: Int
  /// The classes.
  public var classes: Int
  /// The passes over the training videos.
  public var epochs: Int
  /// The clips of a judged video.
  public var clips: Int
  /// The crops of each.
  public var crops: EvaluationView.Crops
  /// The mean loss of the last epoch.
  public var loss: Double
  /// SHA-256 of the fine-tuned encoder.
  public var weights_hash: String
  /// The figures of the judged videos.
  public var figures: ClassifierFigures
  /// Retrieval of the training videos by the judged ones, if it was asked for.
  public var retrieval: RetrievalFigures?
}

extension FineTuningRequest {
  /// Whether this is a linear probe: the classifier alone learns.
  public var isProbe: Bool { encoderShare == 0 }

  /// How the classifier learns: two drops, and no warm-up.
  var classifierOptimizer: OptimizerSettings { optimizer(learningRate) }

  /// How the encoder does.
  var encoderOptimizer: OptimizerSettings { optimizer(learningRate * encoderShare) }

  private func optimizer(_ learningRate: Double) -> OptimizerSettings {
    var settings = OptimizerSettings()
    settings.name = rule == .adam ? .adam : .adamw
    (settings.learningRate, settings.weightDecay) = (learningRate, weightDecay)
    (settings.schedule, settings.drops) = (.step, [60.0 / 150, 100.0 / 150])
    settings.warmupSteps = 0
    return settings
  }

  /// What is seen of a judged clip: the middle of the frame as training shows it, or ten crops of seven
  /// eighths of its short side.
  var view: EvaluationView {
    guard crops == .ten else { return .standard }
    return EvaluationView(placement: .parts, framing: .square(share: 224.0 / 256), crops: .ten)
  }
}
