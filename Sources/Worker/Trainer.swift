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
  /// Some of the pairs that the loss is made of.
  public var pairs: PairSample
  /// The rows of every view of the global batch, as embedded.
  public var views: [Matrix]
  /// The Euclidean norm of the gradient.
  public var gradientNorm: Double
  /// The learning rate of the step.
  public var learningRate: Double
  /// The flags that any rank raised.
  public var flags: UInt32
  /// Samples that could not be read, on any rank, with the reason.
  public var failures: [Int: String]
  /// Whether loss and gradient were finite; otherwise the weights were left alone.
  public var isFinite: Bool
  /// Where this rank's time went.
  public var times: StepTimes
}

/// One rank's part in training: steps over the global batch.
public struct Trainer {
  /// The flags ranks raise for one another with a step's own traffic.
  public enum Flag {
    /// Somebody was asked to save and stop.
    public static let stop: UInt32 = 1
    /// Some samples could not be read.
    static let failed: UInt32 = 2
  }

  /// The lanes and weights.
  public let replica: Replica
  /// A second encoder that learns beside the first, where the objective has views for one.
  public let partner: Partner?
  /// The moving average of the weights, where one is kept.
  public let average: WeightAverage?
  /// The lanes that embed with it, where somebody asks for that.
  public let averaged: Replica?
  /// The loss.
  public var objective: any Objective
  /// The update rule and its memory.
  public let optimizer: Optimizer
  /// The last gathered row of every sample, where labels come from it.
  public var bank: FeatureBank?
  /// Whether the encoder stays as it is, running statistics too, and the objective alone learns.
  public let isFrozen: Bool
  /// The steps taken so far, in all epochs.
  public var step = 0
  /// The steps of the whole run.
  public let totalSteps: Int
  private let communicator: Communicator
  private let source: ClipSource
  private let settings: OptimizerSettings
  private let schedule: LearningRateSchedule
  private let seed: UInt64
  private let videosPerStep: Int
  private let microbatches: Int
  private let sampleCount: Int

  /// Puts a trainer together; every rank does so with the same arguments.
  ///
  /// - Parameters:
  ///   - partner: wanted by objectives with views for a second encoder.
  ///   - bank: an empty one, where labels come from it.
  ///   - average: wanted by objectives with momentum views, and so is `averaged`, whose clips are
  ///     a microbatch's samples times these views.
  ///   - isFrozen: for an objective that learns by itself, above one encoder.
  public init(
    replica: Replica, isFrozen: Bool, partner: Replica?, average: WeightAverage?,
    averaged: Replica?, bank: FeatureBank?,
    objective: any Objective, optimizer settings: OptimizerSettings, totalSteps: Int,
    source: ClipSource, sampleCount: Int, batchVideos: Int, videosPerStep: Int, microbatches: Int,
    seed: UInt64,
    communicator: Communicator
  ) {
    precondition(
      objective.views.allSatisfy {
        switch $0.source {
        case .trained: true
        case .partner: partner != nil
        case .momentum: averaged != nil
        }
      }, "an objective with views that nobody embeds")
    precondition(!isFrozen || partner == nil && average == nil, "more encoders than a frozen one")
    self.replica = replica
    self.isFrozen = isFrozen
    self.partner = partner.map { Partner($0, settings) }
    self.average = average
    self.averaged = averaged
    self.bank = bank
    self.objective = objective
    self.settings = settings
    self.totalSteps = totalSteps
    schedule = LearningRateSchedule(settings, videosPerStep: batchVideos)
    optimizer = Optimizer(settings, layout: replica.weights.network.layout)
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
    let subjects = objective.views.map {
      $0.subject.samples(for: samples, labels: labels, seed: seed, epoch: epoch)
    }
    let queries = viewPass(.trained, of: subjects, in: Array(samples.indices), epoch: epoch)
    // A video that is seen for the first time is decoded here, which may take longer than a deadline.
    let mine = try communicator.work {
      try unsafe replica.forward(queries.load, mode: isFrozen ? .evaluation : .training)
    }
    var passes = [(queries, mine.map(\.embeddings))]
    let others = viewPass(.partner, of: subjects, in: Array(samples.indices), epoch: epoch)
    if let partner {
      let rows = try communicator.work { try unsafe partner.replica.forward(others.load) }
      passes.append((others, rows.map(\.embeddings)))
    }
    if let averaged {
      // Another order, so that a query and its key do not share batch statistics.
      var random = RandomStream(seed: seed, purpose: .keys, epoch: epoch, sample: step)
      let order = random.permutation(of: samples.count)
      let keys = viewPass(.momentum, of: subjects, in: order, epoch: epoch)
      if !keys.views.isEmpty {
        let rows = try communicator.work { try unsafe averaged.forward(keys.load) }
        passes.append((keys, rows.map(\.embeddings)))
      }
    }
    var times = StepTimes()
    let (batch, allFlags, failures, result) = try timing(&times.loss) {
      let (batch, flags, failures) = try gather(passes, labels: labels, flags: flags)
      return (batch, flags, failures, objective.evaluate(batch))
    }
    try fillBank(mine.map(\.features), of: queries, batch)

    var (norm, rate, isFinite) = (0.0, Float(0), result.loss.isFinite)
    if !isFrozen {
      (norm, rate, isFinite) = try learn(from: result, queries, others, &times)
    }
    step += 1
    times += replica.takeTimes()
    if let partner { times += partner.replica.takeTimes() }
    if let averaged { times += averaged.takeTimes() }
    return StepReport(
      loss: result.loss, statistics: result.statistics, pairs: result.pairs, views: batch.views,
      gradientNorm: norm, learningRate: Double(rate), flags: allFlags,
      failures: failures, isFinite: isFinite, times: times)
  }

  // MARK: - Views

  private var perMicrobatch: Int { videosPerStep / microbatches }

  /// This rank's places in the global batch.
  private var places: Range<Int> {
    RankShare.range(of: videosPerStep, rank: communicator.rank, ranks: communicator.size)
  }

  /// This rank's part in embedding one encoder's views of the global batch.
  ///
  /// - Parameter subjects: the samples that each of the objective's views shows.
  private func viewPass(
    _ encoder: View.Source, of subjects: [[Int]], in order: [Int], epoch: Int
  ) -> ViewPass {
    let views = objective.views.indices.filter { objective.views[$0].source == encoder }
    return ViewPass(
      views: views, order: order,
      loader: StepLoader(
        source, planned: views.map { view in order[places].map { subjects[view][$0] } },
        perMicrobatch: perMicrobatch,
        views: views, sampleCount: sampleCount, seed: seed, epoch: epoch))
  }

  /// Gathers everybody's rows, samples and flags, and what could not be read if a flag says so.
  private func gather(
    _ passes: [(pass: ViewPass, rows: [Matrix])], labels: PseudoLabels, flags: UInt32
  ) throws -> (batch: EmbeddedBatch, flags: UInt32, failures: [Int: String]) {
    let failures = ReadFailures()
    for (pass, _) in passes {
      for (sample, reason) in pass.loader.outcome.failures { failures.add(sample, reason) }
    }
    let flags = flags | (failures.mine.isEmpty ? 0 : Flag.failed)
    var views = [EmbeddedView?](repeating: nil, count: objective.views.count)
    var allFlags: UInt32 = 0
    for (pass, rows) in passes {
      let all = try communicator.allGather(rows.flatMap(\.values)).joined
      let notes = try communicator.allGather(
        [Int32(bitPattern: flags)] + pass.loader.outcome.samples.joined().map(Int32.init))
      var samples = [[Int]](repeating: [], count: pass.views.count)
      for rank in 0..<communicator.size {
        allFlags |= UInt32(bitPattern: notes[rank].first ?? 0)
        let theirs = notes[rank].dropFirst().map(Int.init)
        let count = theirs.count / pass.views.count
        for view in samples.indices { samples[view] += theirs[view * count..<(view + 1) * count] }
      }
      pass.sort(all, samples: samples, perMicrobatch: perMicrobatch, into: &views)
    }
    let embedded = views.compactMap(\.self)
    precondition(embedded.count == views.count, "a view that no encoder embeds")
    let batch = EmbeddedBatch(
      views: embedded.map(\.rows), samples: embedded.map(\.samples), fine: labels.fine,
      coarse: labels.coarse, step: step, seed: seed)
    return (
      batch, allFlags, allFlags & Flag.failed == 0 ? [:] : try failures.gathered(communicator)
    )
  }

  /// Takes the batch into the bank; pooled features travel for it alone.
  private mutating func fillBank(
    _ features: [Matrix], of queries: ViewPass, _ batch: EmbeddedBatch
  ) throws {
    guard let bank else { return }
    let trained =
      bank.feature == .head
      ? queries.views.map { batch.views[$0] }
      : Self.split(
        try communicator.allGather(features.flatMap(\.values)).joined,
        views: queries.views.count, perMicrobatch: perMicrobatch,
        width: replica.weights.network.features)
    let whole = queries.views.indices.filter {
      source.mayStandForVideo(view: queries.views[$0], showing: bank.shows)
    }
    self.bank?.take(
      whole.map { trained[$0] }, of: whole.map { batch.samples[queries.views[$0]] })
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
  private func gradients(of result: LossAndGradient, views: [Int]) -> [Matrix] {
    (0..<replica.microbatches).map { microbatch in
      let start = places.lowerBound + microbatch * perMicrobatch
      let width = replica.weights.network.embeddingWidth
      let parts = views.map { view in
        let gradient = result.gradients[view]
        // A view that an objective only looks at has none.
        return gradient.rows == 0
          ? Matrix(rows: perMicrobatch, columns: width)
          : gradient.rows(start..<start + perMicrobatch)
      }
      return Matrix(
        rows: views.count * perMicrobatch, columns: width, values: parts.flatMap(\.values))
    }
  }

  // MARK: - Weights

  /// Moves the encoders along a batch's gradients, unless these are not finite.
  private func learn(
    from result: LossAndGradient, _ queries: ViewPass, _ others: ViewPass, _ times: inout StepTimes
  ) throws -> (norm: Double, learningRate: Float, isFinite: Bool) {
    let sum = try unsafe replica.backward(
      gradients(of: result, views: queries.views), queries.load, reducing: communicator)
    let partnerSum = try partner.map { partner in
      try unsafe partner.replica.backward(
        gradients(of: result, views: others.views), others.load, reducing: communicator)
    }
    let rate = schedule.learningRate(step: step, totalSteps: totalSteps)
    return try timing(&times.update) {
      let norm = try self.norm(of: sum, partnerSum)
      let isFinite = result.loss.isFinite && norm.isFinite
      guard isFinite else { return (norm, rate, false) }
      let scale = settings.gradientScale(norm: norm)
      try move(replica, optimizer, along: sum, learningRate: rate, scale: scale)
      if let partner, let partnerSum {
        try move(
          partner.replica, partner.optimizer, along: partnerSum, learningRate: rate, scale: scale)
      }
      try average?.follow(replica.weights, lanes: replica.lanes)
      averaged?.refresh()
      return (norm, rate, true)
    }
  }

  /// The Euclidean norm of all gradients.
  private func norm(of sum: AlignedStorage, _ partnerSum: AlignedStorage?) throws -> Double {
    let norm = try replica.gradientNorm(of: sum)
    guard let partner, let partnerSum else { return norm }
    let other = try partner.replica.gradientNorm(of: partnerSum)
    return (norm * norm + other * other).squareRoot()
  }

  /// Updates an encoder's weights and running statistics; element by element, so all ranks stay equal.
  private func move(
    _ replica: Replica, _ optimizer: Optimizer, along sum: AlignedStorage, learningRate: Float,
    scale: Float
  ) throws {
    let all = unsafe sum.buffer
    try replica.update(
      by: optimizer, along: sum, learningRate: learningRate, gradientScale: scale)
    let parameters = replica.weights.network.layout.parameterCount
    let statistics = all.extracting(parameters..<all.count)
    for index in 0..<statistics.count { unsafe statistics[index] /= Float(microbatches) }
    unsafe replica.weights.updateStatistics(towards: UnsafeBufferPointer(statistics))
  }
}

extension Trainer {
  /// A second encoder in training, and what moves it.
  public struct Partner {
    /// Its lanes and weights.
    public let replica: Replica
    /// Its update rule and memory.
    public let optimizer: Optimizer

    init(_ replica: Replica, _ settings: OptimizerSettings) {
      self.replica = replica
      optimizer = Optimizer(settings, layout: replica.weights.network.layout)
    }
  }
}
