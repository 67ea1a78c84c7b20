internal import Clustering
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
    ) { [root] in root?.show($0) }
    let (rows, failures) = try labelRows()
    let outcome = try relabelling(rows, unreadable: try unreadable(after: failures))
    labels = try communicator.decide(gathering: [UInt8]()) { _ in
      try root?.keep(
        outcome, before: labels, epoch: position.epoch, manifest: dataset.manifest)
      return outcome.labels
    }
    warn(of: outcome)
  }

  /// Says what is odd about labels that hold all the same.
  private func warn(of outcome: Relabelling.Outcome) {
    // The bank has zeros for videos that no step has shown yet.
    if trainer.bank == nil, !outcome.directionless.isEmpty {
      let ids = outcome.directionless.prefix(10).map { dataset.manifest.samples[$0].id }
      root?.say(
        "warning: the embeddings of \(outcome.directionless.count) videos are zeros, so these get no "
          + "label: \(ids.joined(separator: ", "))\(outcome.directionless.count > 10 ? ", …" : "")")
    }
    let found = outcome.report.fineClusters
    if let asked = configuration.labels.clustersAsked, found < min(asked, outcome.members.count) {
      root?.say(
        "warning: \(configuration.labels.method.rawValue) found \(found) fine clusters of \(asked) that "
          + "were asked for")
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
  private func labelRows() throws -> (rows: Matrix, unreadable: [Int: String]) {
    if let bank = trainer.bank { return (bank.rows, [:]) }
    let settings = configuration.labels
    let replica = settings.weights == .averaged ? trainer.averaged : trainer.replica
    let (rows, failures) = try EmbeddingPass(
      replica ?? trainer.replica, source: dataset.source, sampleCount: dataset.count,
      clips: settings.clips, feature: settings.feature, shows: settings.shows
    ).run(communicator)
    return (try rows.finite(), failures)
  }

  /// The samples that get no label: those that could not be read at first, and those that a pass then
  /// failed to read, which rank 0 names.
  private func unreadable(after failures: [Int: String]) throws -> Set<Int> {
    var known = dataset
    try known.exclude(failures, badShare: configuration.video.badShare)
    for (sample, reason) in failures.sorted(by: { $0.key < $1.key })
    where dataset.unreadable[sample] == nil {
      root?.say("\(dataset.manifest.samples[sample].id): \(reason); without a label")
    }
    return Set(known.unreadable.keys)
  }
}
