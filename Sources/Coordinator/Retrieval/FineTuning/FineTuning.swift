public import Collective
internal import Model
public import Retrieval
internal import Tensors
internal import Video
internal import Worker

/// What a user asks of a fine-tuning; the defaults are CoCLR's and SLIC's (150 epochs of Adam at 10⁻³,
/// a tenth of it from epochs 60 and 100 on, decay 10⁻³, dropout 0.9, ten clips).
public struct FineTuningRequest: Sendable {
  /// The dataset's directory.
  public var data: String
  /// What is judged: the test list, or held-out groups of the training list.
  public var split = EvaluationReport.Queries.test
  /// Passes over the training videos.
  public var epochs = 150
  /// The base learning rate.
  public var learningRate = 1e-3
  /// The share of the rate by which weights shrink.
  public var weightDecay = 1e-3
  /// The probability that an element of the pooled feature is left out.
  public var dropout = 0.9
  /// The clips of a judged video, whose scores are averaged.
  public var clips = 10
  /// Whether retrieval by the fine-tuned pooled feature is judged, too, as kindreel's own protocol does.
  public var judgesRetrieval = false

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
  /// The mean loss of the last epoch.
  public var loss: Double
  /// SHA-256 of the fine-tuned encoder.
  public var weights_hash: String
  /// The figures of the judged videos.
  public var figures: ClassifierFigures
  /// Retrieval of the training videos by the judged ones, if it was asked for.
  public var retrieval: RetrievalFigures?
}

/// Trains an encoder further, with a linear classifier on top, on the true classes of the training
/// videos, and judges it on the others: a measure of the encoder, and no way to make one.
///
/// One augmented view of a video, its pooled feature, dropout, a linear layer, cross-entropy. Batch,
/// microbatches, clips, augmentation and seed are the run's; residual views are left out. The same bits
/// on any number of ranks and lanes, as training.
public struct FineTuning {
  private let loaded: LoadedEncoder
  private let request: FineTuningRequest
  private let configuration: RunConfiguration
  private let communicator: Communicator
  private let lanes: LanePool
  private let share: Int
  private let byteLimit: Int
  private let say: (String) -> Void

  /// Loads the weights.
  ///
  /// - Parameter say: takes a line of progress, on every rank.
  public init(
    _ source: WeightsSource, configuration named: RunConfiguration?, _ request: FineTuningRequest,
    lanes: Int, ranksOfMachine: Int, communicator: Communicator, say: @escaping (String) -> Void
  ) throws {
    loaded = try source.load(named)
    try loaded.checkEqual(communicator)
    if let report = loaded.report { say("kindreel: \(report)") }
    var configuration = loaded.configuration
    configuration.encoder.headHidden = 0
    (configuration.objective, configuration.views) = (ObjectiveSettings(), [])
    configuration.augmentation.residual = 0
    self.configuration = configuration
    self.request = request
    self.communicator = communicator
    share = try TrainingRun.microbatches(of: configuration, ranks: communicator.size)
    self.lanes = LanePool(count: max(1, min(lanes, share)))
    byteLimit = (configuration.video.cacheMegabytes << 20) / max(ranksOfMachine, 1) / 2
    self.say = say
  }

  /// Trains on all ranks and judges on rank 0; every rank gets the report.
  ///
  /// - Throws: where a split is missing, or too much of it cannot be read.
  public func run() throws -> FineTuningReport {
    var (training, judged) = try datasets()
    let badShare = configuration.video.badShare
    try training.scan(communicator, lanes: lanes, badShare: badShare)
    try judged.scan(communicator, lanes: lanes, badShare: badShare)
    let truth = Self.truth(training, judged)
    guard !truth.names.isEmpty, training.count >= configuration.batch.videos else {
      throw DatasetError(
        description: truth.names.isEmpty
          ? "\(request.data): no video lies in a class folder, so there is nothing to learn"
          : "\(request.data) has \(training.count) training videos, fewer than batch.videos "
            + "\(configuration.batch.videos)",
        code: .badData)
    }
    let (trainer, classifier, loss) = try train(on: training, truth)
    func rows(_ dataset: Dataset, _ recipe: EmbeddingRecipe) throws -> Matrix {
      let all = try EmbeddingPass(
        trainer.replica, source: dataset.source, sampleCount: dataset.count, recipe: recipe
      ).run(communicator).finite()
      return all.rows(dataset.manifest.samples.indices.filter { dataset.unreadable[$0] == nil })
    }
    let scored = try rows(
      judged, EmbeddingRecipe(clips: request.clips, feature: .pooled, normalisesClips: false))
    var sides: (queries: Matrix, gallery: Matrix)?
    if request.judgesRetrieval {
      let recipe = EmbeddingRecipe(clips: configuration.evaluation.clips, feature: .pooled)
      sides = (try rows(judged, recipe).unitRows(), try rows(training, recipe).unitRows())
    }
    return try communicator.decide(gathering: [UInt8]()) { _ in
      FineTuningReport(
        split: request.split, queries: judged.count, unreadable: judged.unreadable.count,
        training: training.count, classes: truth.names.count, epochs: request.epochs,
        clips: request.clips, loss: loss, weights_hash: trainer.replica.weights.contentHash,
        figures: ClassifierFigures(scores: classifier.scores(of: scored), truth: truth),
        retrieval: sides.map { sides in
          RetrievalFigures(
            queries: sides.queries, gallery: sides.gallery,
            truth: Self.truth(training, judged, unreadableTraining: false), lanes: lanes)
        })
    }
  }

  /// The videos that are learned from, and those that are judged.
  private func datasets() throws -> (training: Dataset, judged: Dataset) {
    func dataset(_ split: Manifest.Split) throws -> Dataset {
      try Dataset(request.data, split: split, configuration: configuration, byteLimit: byteLimit)
    }
    let all = try dataset(.train)
    guard request.split == .heldOut else {
      return (all, try dataset(.test))
    }
    let samples = all.manifest.samples
    let groups = Dictionary(uniqueKeysWithValues: samples.map { ($0.id, $0.group) })
    let held = HeldOutGroups(ids: samples.map(\.id)) { groups[$0] ?? nil }
    func part(_ isHeld: Bool) throws -> Dataset {
      let chosen = samples.filter { held.contains($0.id) == isHeld }
      guard !chosen.isEmpty else {
        throw DatasetError(
          description:
            "\(request.data): nothing can be held out, for no class folder has two groups",
          code: .badData)
      }
      return try Dataset(
        Manifest(samples: chosen, seed: UInt64(configuration.video.manifestSeed)),
        configuration: configuration, byteLimit: byteLimit)
    }
    return (try part(false), try part(true))
  }

  private static func truth(
    _ training: Dataset, _ judged: Dataset, unreadableTraining: Bool = true
  ) -> RetrievalTruth {
    func ids(_ dataset: Dataset, readable: Bool) -> [String] {
      let samples = dataset.manifest.samples
      return samples.indices.filter { (dataset.unreadable[$0] == nil) == readable }
        .map { samples[$0].id }
    }
    let groups = Dictionary(
      (training.manifest.samples + judged.manifest.samples).map { ($0.id, $0.group) },
      uniquingKeysWith: { first, _ in first })
    return RetrievalTruth(
      queryIDs: ids(judged, readable: true),
      galleryIDs: unreadableTraining
        ? training.manifest.samples.map(\.id) : ids(training, readable: true),
      missed: ids(judged, readable: false)
    ) { groups[$0] ?? nil }
  }

  private func train(
    on dataset: Dataset, _ truth: RetrievalTruth
  ) throws -> (Trainer, TunedClassifier, loss: Double) {
    let batch = configuration.batch
    let stepsPerEpoch = dataset.count / batch.videos
    let optimizer = request.optimizer
    let network = try configuration.network()
    let weights = EncoderWeights(network, seed: configuration.seed)
    try weights.load(WeightsFile.floats(of: WeightsFile.safeTensors(loaded.weights).entries))
    let clips = batch.videos / batch.microbatches
    let precision = configuration.precision
    let kernels = try KernelTrust(
      KernelCheck(network, clips: clips, precision: precision, for: .training)
    ).settle(
      KernelSource.standard.choices(
        configuration.convolutions,
        KernelTiming(network, clips: clips, precision: precision, isTraining: true), communicator),
      communicator, note: say)
    let totalSteps = request.epochs * stepsPerEpoch
    var trainer = Trainer(
      replica: try Replica(
        weights, precision: configuration.precision, kernels: kernels, clips: clips, lanes: lanes,
        for: .training(microbatches: share, memory: configuration.memoryMegabytes << 20)),
      partner: nil, average: nil, averaged: nil, bank: nil,
      objective: ClassObjective(
        TunedClassifier(classes: truth.names.count, width: network.features),
        labels: truth.galleryClasses, dropout: request.dropout, optimizer: optimizer,
        videosPerStep: batch.videos, totalSteps: totalSteps),
      optimizer: optimizer, totalSteps: totalSteps, source: dataset.source,
      sampleCount: dataset.count, videosPerStep: batch.videos, microbatches: batch.microbatches,
      seed: configuration.seed, communicator: communicator)
    let none = PseudoLabels.none(dataset.count)
    var (mean, loss) = (0.0, LossSum())
    for epoch in 0..<request.epochs {
      let plan = BatchPlan(
        count: dataset.count, videosPerStep: batch.videos, labels: none, perCluster: 1,
        replacing: Set(dataset.unreadable.keys), seed: configuration.seed, epoch: epoch)
      var accuracy = 0.0
      for samples in plan.steps {
        let report = try trainer.train(on: samples, labels: none, epoch: epoch, flags: 0)
        try loss.add(report, at: "epoch \(epoch + 1)")
        accuracy += (report.statistics["accuracy"] ?? 0) / Double(stepsPerEpoch)
      }
      mean = loss.mean
      loss = try loss.next(after: epoch + 1)
      say("epoch \(epoch + 1)/\(request.epochs)  loss \(mean)  training accuracy \(accuracy)")
    }
    guard let objective = trainer.objective as? ClassObjective else {
      preconditionFailure("a trainer has changed its objective")
    }
    return (trainer, objective.classifier, mean)
  }
}

extension FineTuningRequest {
  /// Adam with two drops; its decay is apart from the gradient here, and part of it in PyTorch's.
  fileprivate var optimizer: OptimizerSettings {
    var settings = OptimizerSettings()
    settings.name = .adamw
    (settings.learningRate, settings.weightDecay) = (learningRate, weightDecay)
    (settings.schedule, settings.drops) = (.step, [60.0 / 150, 100.0 / 150])
    settings.warmupSteps = 0
    return settings
  }
}
