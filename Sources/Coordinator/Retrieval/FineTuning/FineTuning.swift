public import Collective
internal import Model
internal import Retrieval
internal import Tensors
internal import Video
internal import Worker

/// Trains an encoder further, with a linear classifier on top, on the true classes of the training
/// videos, and judges it on the others: a measure of the encoder, and no way to make one.
///
/// One augmented view of a video, its pooled feature, dropout, a linear layer, cross-entropy. Batch,
/// microbatches, clips, augmentation and seed are the run's; but flips, changes of colour and grays come as
/// often as by default, since their shares are the objective's and encoders of all are to be compared, and
/// residual views are left out. The same bits on any number of ranks and lanes, as training.
public struct FineTuning {
  private let loaded: LoadedEncoder
  private let request: FineTuningRequest
  private let configuration: RunConfiguration
  private let communicator: Communicator
  private let lanes: LanePool
  private let share: Int
  private let byteLimit: Int
  private let shouldStop: @Sendable () -> Bool
  private let say: (String) -> Void

  /// Loads the weights.
  ///
  /// - Parameters:
  ///   - shouldStop: asked before every step; true on any rank saves and stops all.
  ///   - say: takes a line of progress, on every rank.
  public init(
    _ source: WeightsSource, configuration named: RunConfiguration?, _ request: FineTuningRequest,
    lanes: Int, ranksOfMachine: Int, communicator: Communicator,
    shouldStop: @escaping @Sendable () -> Bool = { false }, say: @escaping (String) -> Void
  ) throws {
    loaded = try source.load(named)
    try loaded.checkEqual(communicator)
    if let report = loaded.report { say("kindreel: \(report)") }
    var configuration = loaded.configuration
    configuration.encoder.headHidden = 0
    (configuration.objective, configuration.views) = (ObjectiveSettings(), [])
    let usual = AugmentationSettings()
    configuration.augmentation.residual = usual.residual
    configuration.augmentation.motionVectors = usual.motionVectors
    configuration.augmentation.flip = usual.flip
    configuration.augmentation.jitter = usual.jitter
    configuration.augmentation.grayscale = usual.grayscale
    self.configuration = configuration
    self.request = request
    self.communicator = communicator
    share = try TrainingRun.microbatches(of: configuration, ranks: communicator.size)
    self.lanes = LanePool(count: max(1, min(lanes, share)))
    byteLimit = (configuration.video.cacheMegabytes << 20) / max(ranksOfMachine, 1) / 2
    self.shouldStop = shouldStop
    self.say = say
  }

  /// Trains on all ranks and judges on rank 0; every rank gets the report, or nil if somebody asked to
  /// stop before the end.
  ///
  /// - Throws: where a split is missing, or too much of it cannot be read.
  public func run() throws -> FineTuningReport? {
    let folder = try CheckpointFolder.open(request, configuration, communicator)
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
    var tuning = try ClassTraining(
      loaded, request, configuration, on: training, truth, lanes: lanes, microbatches: share,
      folder: folder, communicator: communicator, say: say)
    guard try tuning.run(until: shouldStop) else { return nil }
    let replica = tuning.trainer.replica
    func rows(_ dataset: inout Dataset, _ recipe: EmbeddingRecipe) throws -> Matrix {
      let (rows, failures) = try EmbeddingPass(
        replica, source: dataset.source, sampleCount: dataset.count, recipe: recipe
      ).run(communicator)
      try dataset.exclude(failures, badShare: badShare)
      return try rows.finite()
    }
    var scored = try rows(
      &judged,
      EmbeddingRecipe(
        clips: request.clips, feature: .pooled, view: request.view, normalisesClips: false))
    var sides: (queries: Matrix, gallery: Matrix)?
    if request.judgesRetrieval {
      let recipe = EmbeddingRecipe(clips: configuration.evaluation.clips, feature: .pooled)
      let all = (queries: try rows(&judged, recipe), gallery: try rows(&training, recipe))
      sides = (
        all.queries.rows(judged.readable).unitRows(), all.gallery.rows(training.readable).unitRows()
      )
    }
    // Of those that every pass could read.
    scored = scored.rows(judged.readable)
    return try communicator.decide(gathering: [UInt8]()) { _ in
      FineTuningReport(
        split: request.split, queries: judged.count, unreadable: judged.unreadable.count,
        training: training.count, classes: truth.names.count, epochs: request.epochs,
        clips: request.clips, crops: request.crops, loss: tuning.position.last.mean,
        weights_hash: replica.weights.contentHash,
        figures: ClassifierFigures(
          scores: tuning.classifier.scores(of: scored), truth: Self.truth(training, judged)),
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
}
