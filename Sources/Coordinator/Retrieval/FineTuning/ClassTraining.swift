internal import Collective
internal import Model
internal import Retrieval
internal import Tensors
internal import Video
internal import Worker

/// The training of a fine-tuning: epochs of cross-entropy on true classes, kept in checkpoints where the
/// request names a folder for them.
struct ClassTraining {
  private let request: FineTuningRequest
  private let configuration: RunConfiguration
  private let dataset: Dataset
  private let communicator: Communicator
  private let folder: CheckpointFolder?
  private let kernels: KernelChoices
  /// The hash of all that the numbers depend on.
  private let hash: String
  private let say: (String) -> Void
  private(set) var trainer: Trainer
  private(set) var position = TrainingPosition()
  /// The training accuracy of the current epoch's steps, summed.
  private var accuracy = 0.0

  /// Puts the trainer together, and goes on from the newest checkpoint if the request says so.
  ///
  /// - Parameters:
  ///   - microbatches: of one rank.
  ///   - folder: rank 0's; nil on others.
  init(
    _ encoder: LoadedEncoder, _ request: FineTuningRequest, _ configuration: RunConfiguration,
    on dataset: Dataset, _ truth: RetrievalTruth, lanes: LanePool, microbatches: Int,
    folder: CheckpointFolder?, communicator: Communicator, say: @escaping (String) -> Void
  ) throws {
    (self.request, self.configuration, self.dataset) = (request, configuration, dataset)
    (self.folder, self.communicator, self.say) = (folder, communicator, say)
    let network = try configuration.network()
    let weights = EncoderWeights(network, seed: configuration.seed)
    try weights.load(WeightsFile.floats(of: WeightsFile.safeTensors(encoder.weights).entries))
    hash = ContentHash.of(
      try configuration.resumeHash(dataset) + request.trainingSettings + weights.contentHash
        + truth.names.joined(separator: "\n"))
    var checkpoint: LoadedCheckpoint?
    if request.resumes, let path = request.checkpoints {
      checkpoint = try CheckpointStore(directory: path, keep: configuration.checkpoint.keep).newest(
        communicator)
      if let checkpoint, checkpoint.contents.configurationHash != hash {
        throw ConfigurationError(
          origin: checkpoint.path,
          "was made from another encoder, configuration, or list of videos or classes, or with other "
            + "epochs, optimiser, rates, decay, dropout or held-out groups")
      }
    }
    let batch = configuration.batch
    let clips = batch.videos / batch.microbatches
    let precision = configuration.precision
    kernels = try KernelTrust(
      KernelCheck(network, clips: clips, precision: precision, for: .training)
    ).settle(
      try checkpoint.map { try $0.kernels(for: configuration, network) }
        ?? KernelSource.standard.choices(
          configuration.convolutions,
          KernelTiming(network, clips: clips, precision: precision, isTraining: true), communicator),
      communicator, note: say)
    let totalSteps = request.epochs * (dataset.count / batch.videos)
    trainer = Trainer(
      replica: try Replica(
        weights, precision: precision, kernels: kernels, clips: clips, lanes: lanes,
        for: request.isProbe
          ? .keys(microbatches: microbatches)
          : .training(microbatches: microbatches, memory: configuration.memoryMegabytes << 20)),
      isFrozen: request.isProbe, partner: nil, average: nil, averaged: nil, bank: nil,
      objective: ClassObjective(
        TunedClassifier(classes: truth.names.count, width: network.features),
        labels: truth.galleryClasses, dropout: request.dropout,
        optimizer: request.classifierOptimizer,
        videosPerStep: batch.videos, totalSteps: totalSteps),
      optimizer: request.encoderOptimizer, totalSteps: totalSteps, source: dataset.source,
      sampleCount: dataset.count, batchVideos: batch.videos, videosPerStep: batch.videos,
      microbatches: batch.microbatches,
      seed: configuration.seed, communicator: communicator)
    if request.resumes { try resume(from: checkpoint) }
  }

  /// The classifier as far as it has learned.
  var classifier: TunedClassifier {
    guard let objective = trainer.objective as? ClassObjective else {
      preconditionFailure("a trainer has changed its objective")
    }
    return objective.classifier
  }

  /// Trains until the last epoch, or until somebody asks to stop; false if that came first.
  mutating func run(until shouldStop: () -> Bool) throws -> Bool {
    while position.epoch < request.epochs {
      let isStopped = try trainEpoch(until: shouldStop)
      let isDone = position.epoch == request.epochs
      if isStopped || isDone || position.epoch % configuration.checkpoint.every == 0 { try save() }
      // Also after the last step: what is left to do may be done by who resumes.
      if isStopped { return false }
    }
    return true
  }

  /// Trains the rest of the current epoch; true if somebody asked to stop meanwhile.
  private mutating func trainEpoch(until shouldStop: () -> Bool) throws -> Bool {
    let none = PseudoLabels.none(dataset.count)
    let steps = BatchPlan(
      count: dataset.count, videosPerStep: configuration.batch.videos, labels: none, perCluster: 1,
      replacing: Set(dataset.unreadable.keys), seed: configuration.seed, epoch: position.epoch
    ).steps
    var isStopped = false
    for samples in steps.dropFirst(position.step) {
      let report = try trainer.train(
        on: samples, labels: none, epoch: position.epoch,
        flags: shouldStop() ? Trainer.Flag.stop : 0)
      try position.loss.add(report, at: "epoch \(position.epoch + 1), step \(position.step + 1)")
      accuracy += report.statistics["accuracy"] ?? 0
      position.step += 1
      guard report.flags & Trainer.Flag.stop != 0 else { continue }
      isStopped = true
      if position.step < steps.count { return true }
    }
    position = TrainingPosition(
      epoch: position.epoch + 1, loss: try position.loss.next(after: position.epoch + 1),
      last: position.loss)
    say(
      "epoch \(position.epoch)/\(request.epochs)  loss \(position.last.mean)  training accuracy "
        + "\(accuracy / Double(steps.count))")
    accuracy = 0
    return isStopped
  }

  // MARK: - Checkpoints

  /// Another name than a run's: weights that have seen true classes are taken for no run's.
  private static let weightsName = "tuned"

  /// Saves everything on rank 0, where there is a folder; every rank learns of a failure.
  private func save() throws {
    try trainer.checkWeights()
    guard request.checkpoints != nil else { return }
    _ = try communicator.decide(gathering: [UInt8]()) { _ in
      _ = try folder?.store.save(try contents)
      return true
    }
  }

  private var contents: CheckpointContents {
    get throws {
      CheckpointContents(
        tensors: [
          Self.weightsName: WeightsFile.safeTensors(trainer.replica.weights),
          "optimizer": SafeTensors(trainer.optimizer.state),
          "objective": SafeTensors(trainer.objective.state),
        ], epoch: position.epoch, step: trainer.step,
        progress: position.progress.merging(["accuracy_sum_bits": accuracy.storedBits]) { $1 },
        text: [
          SavedKernels.fileName: try SavedKernels(
            precision: configuration.precision, choices: kernels
          ).text()
        ], configurationHash: hash)
    }
  }

  /// Goes on from a checkpoint; from the beginning where there is none.
  private mutating func resume(from newest: LoadedCheckpoint?) throws {
    guard let loaded = newest else {
      say("there is no checkpoint yet; starting from the beginning")
      return
    }
    for reason in loaded.skipped { say(reason) }
    let contents = loaded.contents
    guard let weights = contents.tensors[Self.weightsName],
      let optimizer = contents.tensors["optimizer"]?.optimizerState,
      let objective = contents.tensors["objective"]?.objectiveState
    else { throw ConfigurationError(origin: loaded.path, "is no checkpoint of a fine-tuning") }
    try trainer.replica.weights.load(WeightsFile.floats(of: weights.entries))
    trainer.replica.refresh()
    (trainer.optimizer.state, trainer.objective.state) = (optimizer, objective)
    trainer.step = contents.step
    position = TrainingPosition(contents)
    accuracy = Double(storedBits: contents.progress["accuracy_sum_bits"] ?? 0)
    say("resuming after \(position.epoch) epochs and \(position.step) steps from \(loaded.path)")
  }
}

extension FineTuningRequest {
  /// The settings that the weights depend on, as text.
  fileprivate var trainingSettings: String {
    "\(split.rawValue) \(epochs) \(rule.rawValue) \(learningRate) \(encoderShare) \(weightDecay) "
      + "\(dropout)"
  }
}
