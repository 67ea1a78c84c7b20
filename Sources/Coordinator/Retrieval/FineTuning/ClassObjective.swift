internal import Model
internal import Retrieval
internal import Tensors

/// Cross-entropy on true classes, for fine-tuning: its memory is the classifier that learns with the
/// encoder.
///
/// An evaluation makes it from the classes that only evaluations read; no configuration of a training run
/// names it (law 5).
struct ClassObjective: Objective {
  private(set) var classifier: TunedClassifier
  private let labels: [Int32]
  private let dropout: Float
  private let schedule: LearningRateSchedule
  private let totalSteps: Int
  private let optimizer: OptimizerSettings

  /// - Parameters:
  ///   - labels: the class of each *manifest index*; −1 where there is none.
  ///   - dropout: the probability that an element of a row is left out.
  init(
    _ classifier: TunedClassifier, labels: [Int32], dropout: Double, optimizer: OptimizerSettings,
    videosPerStep: Int, totalSteps: Int
  ) {
    self.classifier = classifier
    self.labels = labels
    self.dropout = Float(dropout)
    self.totalSteps = totalSteps
    schedule = LearningRateSchedule(optimizer, videosPerStep: videosPerStep)
    self.optimizer = optimizer
  }

  var views: [View] { [View(.augmented)] }
  /// No pseudo labels.
  var usesLabels: Bool { false }
  /// The classifier and its optimiser.
  var state: ObjectiveState {
    get { ObjectiveState(integers: classifier.state) }
    set { classifier.state = newValue.integers }
  }

  mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient {
    let (rows, samples) = (batch.views[0], batch.samples[0])
    var factors = Matrix(rows: rows.rows, columns: rows.columns)
    for (row, sample) in samples.enumerated() {
      // Rows are told apart: where one file stands in for another, it may be there twice.
      var random = RandomStream(
        seed: batch.seed, purpose: .objective, epoch: batch.step, sample: sample, view: row)
      for column in 0..<rows.columns {
        factors[row, column] = random.chance(dropout) ? 0 : 1 / (1 - dropout)
      }
    }
    let outcome = classifier.evaluate(rows, labels: samples.map { labels[$0] }, factors: factors)
    let (rate, decay) = (
      Double(schedule.learningRate(step: batch.step, totalSteps: totalSteps)), optimizer.weightDecay
    )
    if optimizer.name == .adam {
      classifier.follow(outcome, learningRate: rate, pull: decay)
    } else {
      classifier.follow(outcome, learningRate: rate, decay: decay)
    }
    return LossAndGradient(
      loss: outcome.loss, gradients: [outcome.gradients],
      statistics: ["accuracy": outcome.accuracy], pairs: PairSample())
  }
}
