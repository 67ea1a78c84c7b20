// `unsafe` is sound here because the gradient sum outlives the update that reads it.
public import Collective
public import Model
public import Tensors
public import Video

/// What one step did.
public struct StepReport: Sendable {
  /// The loss over the global batch.
  public var loss: Double
  /// What the objective says of the batch.
  public var statistics: [String: Double]
  /// The Euclidean norm of the gradient.
  public var gradientNorm: Double
  /// The flags that any rank raised.
  public var flags: UInt32
  /// Samples of this rank that could not be read, with the reason.
  public var failures: [Int: String]
  /// Whether loss and gradient were finite; otherwise the weights were left alone.
  public var isFinite: Bool
}

/// One rank's part in training: steps over the global batch.
public struct Trainer {
  /// The flags ranks raise for one another with a step's own traffic.
  public enum Flag {
    /// Somebody was asked to save and stop.
    public static let stop: UInt32 = 1
  }

  /// The lanes and weights.
  public let replica: Replica
  /// The loss.
  public var objective: any Objective
  /// The update rule and its momentum.
  public let optimizer: Optimizer
  /// The moving average of the weights, where one is kept.
  public let average: WeightAverage?
  /// The steps taken so far, in all epochs.
  public var step = 0
  private let communicator: Communicator
  private let source: ClipSource
  private let settings: OptimizerSettings
  private let schedule: LearningRateSchedule
  private let totalSteps: Int
  private let seed: UInt64
  private let videosPerStep: Int
  private let microbatches: Int
  private let sampleCount: Int

  /// Puts a trainer together; every rank does so with the same arguments.
  public init(
    replica: Replica, objective: any Objective, optimizer settings: OptimizerSettings,
    totalSteps: Int, source: ClipSource, sampleCount: Int, videosPerStep: Int, microbatches: Int,
    seed: UInt64,
    communicator: Communicator
  ) {
    self.replica = replica
    self.objective = objective
    self.settings = settings
    self.totalSteps = totalSteps
    schedule = LearningRateSchedule(settings, videosPerStep: videosPerStep)
    optimizer = Optimizer(settings, layout: replica.weights.network.layout)
    average =
      settings.averageDecay > 0
      ? WeightAverage(of: replica.weights, decay: settings.averageDecay) : nil
    self.source = source
    self.sampleCount = sampleCount
    self.videosPerStep = videosPerStep
    self.microbatches = microbatches
    self.seed = seed
    self.communicator = communicator
  }

  /// Trains one step on the planned samples of the global batch.
  ///
  /// - Parameters:
  ///   - samples: the global batch, in microbatch order.
  ///   - flags: this rank's flags.
  public mutating func train(
    on samples: [Int], labels: PseudoLabels, epoch: Int, flags: UInt32
  ) throws -> StepReport {
    let views = objective.views.count
    let perMicrobatch = videosPerStep / microbatches
    let perRank = replica.microbatches * perMicrobatch
    let first = communicator.rank * perRank
    let loader = StepLoader(
      source, planned: Array(samples[first..<first + perRank]), perMicrobatch: perMicrobatch,
      views: views, sampleCount: sampleCount, seed: seed, epoch: epoch)
    let load: Replica.Load = { try unsafe loader.load($0, into: $1) }

    let mine = try unsafe replica.forward(load)
    let outcome = loader.outcome
    let rows = try communicator.allGather(mine.flatMap(\.values)).joined
    let notes = try communicator.allGather(
      [Int32(bitPattern: flags)] + outcome.samples.map(Int32.init))

    let actual = (0..<communicator.size).flatMap { notes[$0].dropFirst().map(Int.init) }
    let batch = EmbeddedBatch(
      views: Self.split(
        rows, views: views, perMicrobatch: perMicrobatch, width: mine[0].columns),
      samples: Array(repeating: actual, count: views),
      fine: labels.fine, coarse: labels.coarse, epoch: epoch, step: step, seed: seed)
    let result = objective.evaluate(batch)

    let sum = try unsafe replica.backward(
      gradients(of: result, views: views, perMicrobatch: perMicrobatch, first: first), load,
      reducing: communicator)
    let norm = try replica.gradientNorm(of: sum)
    let isFinite = result.loss.isFinite && norm.isFinite
    if isFinite { try update(with: sum, norm: norm) }
    step += 1
    let allFlags = (0..<communicator.size).reduce(UInt32(0)) {
      $0 | UInt32(bitPattern: notes[$1][0])
    }
    return StepReport(
      loss: result.loss, statistics: result.statistics, gradientNorm: norm, flags: allFlags,
      failures: outcome.failures, isFinite: isFinite)
  }

  private var parameterCount: Int { replica.weights.network.layout.parameterCount }

  /// Updates weights and running statistics; element by element, so all ranks stay equal.
  private func update(with sum: AlignedStorage, norm: Double) throws {
    let all = unsafe sum.buffer
    try optimizer.update(
      replica.weights.values, along: sum,
      learningRate: schedule.learningRate(step: step, totalSteps: totalSteps),
      gradientScale: settings.gradientScale(norm: norm), lanes: replica.lanes)
    let statistics = all.extracting(parameterCount..<all.count)
    for index in 0..<statistics.count { unsafe statistics[index] /= Float(microbatches) }
    unsafe replica.weights.updateStatistics(towards: UnsafeBufferPointer(statistics))
    try average?.follow(replica.weights, lanes: replica.lanes)
    replica.refresh()
  }

  /// Sorts gathered rows, view after view within each microbatch, into one matrix a view.
  public static func split(_ rows: [Float], views: Int, perMicrobatch: Int, width: Int) -> [Matrix]
  {
    let block = perMicrobatch * width
    let microbatches = rows.count / (block * views)
    return (0..<views).map { view in
      var values: [Float] = []
      values.reserveCapacity(microbatches * block)
      for microbatch in 0..<microbatches {
        let start = (microbatch * views + view) * block
        values.append(contentsOf: rows[start..<start + block])
      }
      return Matrix(rows: microbatches * perMicrobatch, columns: width, values: values)
    }
  }

  /// The gradients of this rank's rows, view after view within each microbatch.
  private func gradients(
    of result: LossAndGradient, views: Int, perMicrobatch: Int, first: Int
  ) -> [Matrix] {
    (0..<replica.microbatches).map { microbatch in
      let start = first + microbatch * perMicrobatch
      let parts = (0..<views).map { result.gradients[$0].rows(start..<start + perMicrobatch) }
      return Matrix(
        rows: views * perMicrobatch, columns: result.gradients[0].columns,
        values: parts.flatMap(\.values))
    }
  }
}
