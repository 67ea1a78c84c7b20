public import Collective
import Foundation
internal import Model
internal import Tensors
public import Video
internal import Worker

/// One rank's run: epochs of embed, decide and train.
public struct TrainingRun {
  let request: TrainingRequest
  let communicator: Communicator
  let lanes: LanePool
  let dataset: Dataset
  private let shouldStop: @Sendable () -> Bool
  let root: RootFiles?
  /// The kernels of the weights in training, which checkpoints keep.
  let kernels: KernelChoices
  var trainer: Trainer
  var labels: PseudoLabels
  /// Labels from a table, to be taken after the warm-up.
  let given: PseudoLabels?
  var position = TrainingPosition()

  var configuration: RunConfiguration { request.configuration }

  /// Prepares a run on every rank: the same weights, the same plan, one share of the files each.
  ///
  /// - Parameters:
  ///   - shared: a dataset that simulated ranks share, so that videos are decoded once.
  ///   - kernelSource: where the choice of kernels comes from, unless a checkpoint holds it.
  ///   - shouldStop: asked before every step; true on any rank saves and stops all.
  public init(
    _ asked: TrainingRequest, communicator: Communicator, sharing shared: Dataset? = nil,
    kernelSource: KernelSource = .standard,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    var request = asked
    try request.configuration.encoder.recordWeightsHash()
    try request.configuration.labels.recordFileHash()
    let configuration = request.configuration
    self.request = request
    self.communicator = communicator
    self.shouldStop = shouldStop
    let share = try Self.microbatches(of: configuration, ranks: communicator.size)
    lanes = LanePool(count: max(1, min(request.lanes, share)))
    var dataset = try shared ?? Dataset(request, split: .train)
    try StartAgreement.check(configuration, manifest: dataset.manifest, communicator)
    guard dataset.count >= configuration.videosPerStep else {
      throw DatasetError(
        description: "\(request.data) has \(dataset.count) training videos, "
          + "fewer than \(configuration.videosOfStep)",
        code: .badData)
    }
    root = try RootFiles.open(request, communicator)
    try dataset.scan(communicator, lanes: lanes, badShare: configuration.video.badShare)
    self.dataset = dataset
    let network = try ResNet3D(
      configuration.encoder, frames: configuration.video.frames, size: configuration.video.size)
    let weights = EncoderWeights(network, seed: configuration.seed)
    if let mapping = try WeightsFile.loadInitial(configuration.encoder, into: weights) {
      root?.say("\(configuration.encoder.weights): \(mapping.summary)")
    }
    let objective = try configuration.objective.make()
    given = try Self.givenLabels(configuration.labels, dataset, communicator)
    if objective.usesLabels {
      _ = try communicator.decide(gathering: [UInt8]()) { [dataset] _ in
        try configuration.labels.checkMemory(samples: dataset.count)
        return true
      }
    }
    let checkpoint =
      try request.resumes ? Self.newestCheckpoint(of: request, dataset, communicator) : nil
    let (lanes, root) = (lanes, root)
    func note(_ text: String) { root?.say(text) }
    kernels = try KernelTrust(configuration.kernelCheck()).settle(
      try checkpoint.map { try $0.kernels(for: configuration, network) }
        ?? kernelSource.choices(
          configuration.convolutions, configuration.kernelTiming(), communicator),
      communicator, note: note)
    let videos = configuration.videosPerMicrobatch
    func views(by source: View.Source) -> Int { objective.views.count { $0.source == source } }
    let (keyViews, partnerViews) = (views(by: .momentum), views(by: .partner))
    let partner = try partnerViews > 0 ? configuration.partnerWeights(network) : nil
    let decay = configuration.optimizer.averageDecay
    let average = decay > 0 ? WeightAverage(of: weights, decay: decay) : nil
    let isAverageAsked = keyViews > 0 || configuration.labels.weights == .averaged
    var averaged: Replica?
    if let average, isAverageAsked {
      let clips = videos * max(keyViews, 1)
      let check = KernelCheck(
        network, clips: clips, precision: configuration.precision,
        for: keyViews > 0 ? .keys : .embedding)
      averaged = try Replica(
        average.weights, precision: configuration.precision,
        kernels: try KernelTrust(check).settle(kernels, communicator, note: note), clips: clips,
        lanes: lanes, for: keyViews > 0 ? .keys(microbatches: share) : .embedding)
    }
    // One budget for all arenas of the rank.
    let memory = max(
      0, (configuration.memoryMegabytes << 20) - (averaged?.memory.byteCount ?? 0))
    let training = Replica.Purpose.training(
      microbatches: share, memory: partner == nil ? memory : memory / 2)
    trainer = Trainer(
      replica: try Replica(
        weights, precision: configuration.precision, kernels: kernels,
        clips: try configuration.trainingClips(), lanes: lanes, for: training),
      isFrozen: false,
      partner: try partner.map { [kernels] in
        let clips = videos * partnerViews
        let check = KernelCheck(
          network, clips: clips, precision: configuration.precision, for: .training)
        return try Replica(
          $0, precision: configuration.precision,
          kernels: try KernelTrust(check).settle(kernels, communicator, note: note), clips: clips,
          lanes: lanes, for: training)
      },
      average: average, averaged: averaged,
      bank: objective.usesLabels && configuration.labels.source == .bank
        ? FeatureBank(
          configuration.labels.feature, of: configuration.labels.shows, samples: dataset.count,
          width: network.width(of: configuration.labels.feature)) : nil,
      objective: objective, optimizer: configuration.optimizer,
      totalSteps: configuration.steps(samples: dataset.count, views: objective.views.count),
      source: dataset.source, sampleCount: dataset.count,
      batchVideos: configuration.batch.videos, videosPerStep: configuration.videosPerStep,
      microbatches: configuration.batch.microbatches, seed: configuration.seed,
      communicator: communicator)
    labels = .none(dataset.count)
    if request.resumes { try resume(from: checkpoint) }
    let run = self
    _ = try communicator.decide(gathering: [UInt8]()) { _ in
      try run.root?.announce(run)
      return true
    }
  }

  /// The microbatches of one rank.
  ///
  /// - Throws: `ConfigurationError` where they cannot be shared evenly.
  static func microbatches(of configuration: RunConfiguration, ranks: Int) throws -> Int {
    let all = configuration.batch.microbatches
    guard all % ranks == 0 else {
      throw ConfigurationError(
        origin: "--ranks or mpirun -n",
        "\(all) microbatches (batch.microbatches) cannot be shared evenly by \(ranks) ranks")
    }
    return all / ranks
  }

  /// Trains until the last epoch, or until somebody asks to stop.
  public mutating func run() throws -> RunSummary {
    while position.epoch < epochs {
      if position.step == 0 {
        root?.figures.startEpoch()
        try relabel()
      }
      let isStopped = try trainEpoch()
      let isLast = position.epoch == epochs
      if isStopped || isLast || position.epoch % configuration.checkpoint.every == 0 { try save() }
      if isStopped && !isLast { return try summary(stopped: true) }
    }
    return try summary(stopped: false)
  }

  /// The steps of an epoch that is not cut short.
  var stepsPerEpoch: Int { dataset.count / configuration.videosPerStep }

  /// The epochs of the run; the last one may be cut short.
  var epochs: Int { (trainer.totalSteps + stepsPerEpoch - 1) / stepsPerEpoch }

  /// Trains the rest of the current epoch; true if somebody asked to stop meanwhile.
  private mutating func trainEpoch() throws -> Bool {
    let plan = BatchPlan(
      count: dataset.count, videosPerStep: configuration.videosPerStep, labels: labels,
      perCluster: configuration.labels.perCluster,
      shards: configuration.batch.shards == .static ? configuration.batch.microbatches : 1,
      replacing: Set(dataset.unreadable.keys),
      seed: configuration.seed, epoch: position.epoch)
    let steps = plan.steps.prefix(trainer.totalSteps - position.epoch * stepsPerEpoch)
    let start = ContinuousClock.now
    var isStopped = false
    var times = StepTimes()
    for samples in steps.dropFirst(position.step) {
      let report = try trainer.train(
        on: samples, labels: labels, epoch: position.epoch,
        flags: shouldStop() ? Trainer.Flag.stop : 0)
      try position.loss.add(
        report, at: "epoch \(position.epoch + 1), step \(position.step + 1)")
      position.step += 1
      times += report.times
      root?.show(report, self, stepsOfEpoch: steps.count)
      guard report.flags & Trainer.Flag.stop != 0 else { continue }
      isStopped = true
      if position.step < steps.count { break }
    }
    root?.figures.seconds += (ContinuousClock.now - start).seconds
    guard position.step >= steps.count else { return true }
    position = TrainingPosition(
      epoch: position.epoch + 1, loss: try position.loss.next(after: position.epoch + 1),
      last: position.loss)
    try checkReplicas()
    let shares = try communicator.allGather([Float(times.dataShare)]).joined
    // The spectrum of wide embeddings takes a while.
    if let root { try communicator.work { root.log(self, dataShares: shares) } }
    return isStopped
  }

  /// Replicas that differ are an invariant broken: found at once, not after a week.
  private func checkReplicas() throws {
    let hashes = try weightsHash() + (trainer.partner?.replica.weights.contentHash ?? "")
    let hash = UInt64(ContentHash.of(hashes).prefix(16), radix: 16) ?? 0
    let differing = try communicator.allEqual(hash: hash)
    guard differing.isEmpty else {
      throw ReplicaError(
        description: "the weights of ranks \(differing.map(\.rank)) differ from rank 0's after "
          + "epoch \(position.epoch)")
    }
  }

  /// SHA-256 of all weights and running statistics.
  func weightsHash() throws -> String { trainer.replica.weights.contentHash }

  private func summary(stopped: Bool) throws -> RunSummary {
    RunSummary(
      run: request.output, epochs: position.epoch, steps: trainer.step,
      weights_hash: try weightsHash(), labels_hash: ContentHash.of(labels.fine + labels.coarse),
      loss: position.last.mean, stopped: stopped)
  }
}

extension RunConfiguration {
  /// The weights that a second encoder starts from: those of the file, or others than the first one's.
  fileprivate func partnerWeights(_ network: ResNet3D) throws -> EncoderWeights {
    let weights = EncoderWeights(network, seed: ~seed)
    _ = try WeightsFile.loadInitial(encoder, into: weights)
    return weights
  }
}

extension Dataset {
  /// A split of the request's dataset, with this rank's part of the machine's cache.
  public init(_ request: TrainingRequest, split: Manifest.Split) throws {
    try self.init(
      request.data, split: split, configuration: request.configuration,
      byteLimit: (request.configuration.video.cacheMegabytes << 20)
        / max(request.ranksOfMachine, 1))
  }
}
