internal import Collective
internal import Model
internal import Tensors
internal import Video
internal import Worker

extension TrainingRun {
  /// Saves everything on rank 0; every rank learns of a failure.
  func save() throws {
    try trainer.checkWeights()
    _ = try communicator.decide(gathering: [Int32]()) { _ in
      guard let root else { return true }
      _ = try root.checkpoints.save(try contents(with: root.figures))
      return true
    }
  }

  /// Everything that the rest of the run depends on.
  private func contents(with known: EpochFigures) throws -> CheckpointContents {
    var figures = known
    // Of an epoch that is whole nobody adds up any more.
    if position.epoch * stepsPerEpoch == trainer.step { figures.startEpoch() }
    let pseudo = [("fine", labels.fine), ("coarse", labels.coarse)].map {
      SafeTensors.Entry($0.0, shape: [$0.1.count], values: .integers($0.1.map(Int64.init)))
    }
    var tensors = [
      "weights": WeightsFile.safeTensors(trainer.replica.weights),
      "optimizer": SafeTensors(trainer.optimizer.state),
      "objective": SafeTensors(trainer.objective.state),
      "labels": SafeTensors(pseudo),
    ]
    if let partner = trainer.partner {
      tensors["partner"] = WeightsFile.safeTensors(partner.replica.weights)
      tensors["partner_optimizer"] = SafeTensors(partner.optimizer.state)
    }
    tensors["average"] = trainer.average.map { WeightsFile.safeTensors($0.weights) }
    tensors["bank"] = trainer.bank.map { bank in
      SafeTensors([
        SafeTensors.Entry(
          "rows", shape: [bank.rows.rows, bank.rows.columns], values: .floats(bank.rows.values))
      ])
    }
    return CheckpointContents(
      tensors: tensors, epoch: position.epoch, step: trainer.step,
      progress: position.progress,
      text: [
        "run.yaml": try configuration.yaml(), EpochFigures.fileName: try figures.json(),
        SavedKernels.fileName: try SavedKernels(
          precision: configuration.precision, choices: kernels
        ).text(),
        RunConfiguration.videosFile: RunConfiguration.videosHash(dataset),
      ],
      configurationHash: try configuration.resumeHash(dataset))
  }

  /// The newest checkpoint of the request's run, or nil.
  static func newestCheckpoint(
    of request: TrainingRequest, _ dataset: Dataset, _ communicator: Communicator
  ) throws -> LoadedCheckpoint? {
    let configuration = request.configuration
    let newest = try CheckpointStore(
      directory: request.output + "/checkpoints", keep: configuration.checkpoint.keep
    ).newest(communicator)
    if let newest { try configuration.check(newest, dataset) }
    return newest
  }

  /// Goes on from a checkpoint; from the beginning where there is none.
  mutating func resume(from newest: LoadedCheckpoint?) throws {
    guard let loaded = newest else {
      root?.say("there is no checkpoint yet; starting from the beginning")
      return
    }
    for reason in loaded.skipped { root?.say(reason) }
    let contents = loaded.contents
    guard contents.step <= trainer.totalSteps else {
      throw ConfigurationError(
        origin: loaded.path,
        "has \(contents.step) steps behind it, and epochs: \(configuration.epochs) asks for "
          + "\(trainer.totalSteps)")
    }
    guard let weights = contents.tensors["weights"],
      let optimizer = contents.tensors["optimizer"]?.optimizerState,
      let fine = contents.tensors["labels"]?.integers("fine"),
      let coarse = contents.tensors["labels"]?.integers("coarse"), fine.count == dataset.count,
      let state = contents.tensors["objective"]
    else {
      throw ConfigurationError(
        origin: loaded.path, "does not fit this dataset of \(dataset.count) videos")
    }
    try trainer.replica.weights.load(WeightsFile.floats(of: weights.entries))
    trainer.replica.refresh()
    trainer.optimizer.state = optimizer
    if let partner = trainer.partner {
      guard let weights = contents.tensors["partner"],
        let optimizer = contents.tensors["partner_optimizer"]?.optimizerState
      else { throw ConfigurationError(origin: loaded.path, "holds no second encoder") }
      try partner.replica.weights.load(WeightsFile.floats(of: weights.entries))
      partner.replica.refresh()
      partner.optimizer.state = optimizer
    }
    if let average = trainer.average, let tensors = contents.tensors["average"] {
      try average.weights.load(WeightsFile.floats(of: tensors.entries))
      trainer.averaged?.refresh()
    }
    if let bank = trainer.bank {
      guard let rows = contents.tensors["bank"]?.floats("rows"),
        rows.count == bank.rows.values.count
      else {
        throw ConfigurationError(origin: loaded.path, "holds no bank of \(dataset.count) rows")
      }
      trainer.bank = FeatureBank(
        bank.feature, of: bank.shows,
        rows: Matrix(rows: dataset.count, columns: bank.rows.columns, values: rows))
    }
    trainer.objective.state = state.objectiveState
    labels = PseudoLabels(fine: fine.map { Int32($0) }, coarse: coarse.map { Int32($0) })
    trainer.step = contents.step
    position = TrainingPosition(contents)
    guard position.isAfter(trainer.step, stepsPerEpoch: stepsPerEpoch) else {
      throw ConfigurationError(
        origin: loaded.path,
        "was made with other epochs than of \(stepsPerEpoch) steps, by a build that counted otherwise: "
          + "\(trainer.step) steps are \(position.epoch) epochs and \(position.step) steps there")
    }
    reopenLastEpoch()
    if let figures = contents.text[EpochFigures.fileName] {
      do { root?.figures = try EpochFigures(json: figures) } catch {
        root?.say("\(loaded.path): the epoch's figures so far cannot be read: \(error)")
      }
    }
    root?.say(
      "resuming after \(position.epoch) epochs and \(position.step) steps from \(loaded.path)")
  }

  /// Goes on within the last epoch if it was cut short (`budget: clips`) and the run is longer now.
  private mutating func reopenLastEpoch() {
    let cut = position.epoch * stepsPerEpoch - trainer.step
    guard position.step == 0, cut > 0, trainer.step < trainer.totalSteps else { return }
    position = TrainingPosition(
      epoch: position.epoch - 1, step: stepsPerEpoch - cut, loss: position.last)
  }
}

extension Trainer {
  /// Refuses to go on with weights that have diverged, on all ranks alike: who saved them would lose the
  /// last good ones.
  ///
  /// - Throws: `NumericError` with the tensor.
  func checkWeights() throws(NumericError) {
    for weights in [replica.weights, partner?.replica.weights] {
      guard let problem = weights?.problem else { continue }
      throw NumericError(
        description: "after step \(step) \(problem): the weights have diverged, and are not saved")
    }
  }
}
