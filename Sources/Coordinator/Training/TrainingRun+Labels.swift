internal import Collective
internal import Model
internal import Tensors
internal import Video
internal import Worker

// MARK: - Embed and decide

extension TrainingRun {
  /// The labels of a table that rank 0 reads, if the settings name one.
  static func givenLabels(
    _ settings: LabelSettings, _ dataset: Dataset, _ communicator: Communicator
  ) throws -> PseudoLabels? {
    guard !settings.file.isEmpty else { return nil }
    return try communicator.decide(gathering: [UInt8]()) { _ in
      try LabelTable.read(
        settings.file, ids: dataset.manifest.samples.map(\.id),
        unreadable: Set(dataset.unreadable.keys))
    }
  }

  /// Makes new pseudo labels if this epoch wants them: embed, search together, decide.
  ///
  /// Rank 0's word is final: its labels are broadcast, and so is its failure to keep them.
  mutating func relabel() throws {
    let settings = configuration.labels
    let due = position.epoch - settings.warmupEpochs
    let isDue = settings.every == 0 ? due == 0 : due >= 0 && due % settings.every == 0
    guard trainer.objective.usesLabels, isDue else { return }
    if let given {
      guard due == 0 else { return }
      return try adopt(given)
    }
    let relabelling = Relabelling(
      settings: settings, seed: configuration.seed, epoch: position.epoch, lanes: lanes,
      communicator: communicator, ids: dataset.manifest.samples.map(\.id),
      rowsAreKept: trainer.bank != nil
    ) { [root] left in root?.show(clustersLeft: left) }
    let outcome = try relabelling(
      labelRows(), unreadable: Set(dataset.unreadable.keys))
    labels = try communicator.decide(gathering: [UInt8]()) { _ in
      try root?.keep(
        outcome, before: labels, epoch: position.epoch, manifest: dataset.manifest)
      return outcome.labels
    }
  }

  /// Takes labels that were not found but given.
  private mutating func adopt(_ given: PseudoLabels) throws {
    labels = try communicator.decide(gathering: [UInt8]()) { _ in
      try root?.keep(
        Relabelling.Outcome(given), before: labels, epoch: position.epoch,
        manifest: dataset.manifest)
      return given
    }
  }

  /// One row a sample to cluster: an embedding pass's, or training's own.
  private func labelRows() throws -> Matrix {
    if let bank = trainer.bank { return bank.rows }
    let settings = configuration.labels
    let replica = settings.weights == .averaged ? trainer.averaged : trainer.replica
    return try EmbeddingPass(
      replica ?? trainer.replica, source: dataset.source, sampleCount: dataset.count,
      clips: settings.clips, feature: settings.feature, shows: settings.shows
    ).run(communicator).finite()
  }
}
