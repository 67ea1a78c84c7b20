internal import Collective
internal import Model
internal import Worker

extension TrainingRun {
  /// What a user should know before the first step, though it stops nothing; a line each.
  var notes: [String] {
    var notes = request.notes
    let perRank = configuration.batch.microbatches / communicator.size
    if communicator.size > 1 && perRank & (perRank - 1) != 0 {
      notes.append(
        "note: \(perRank) microbatches a rank is no power of two, so another number of ranks "
          + "gives other bits")
    }
    let warmup = configuration.labels.warmupEpochs
    if trainer.objective.usesLabels && warmup >= epochs {
      let labels = given == nil ? "nothing is clustered" : "labels.file is never taken"
      notes.append(
        "note: the run has \(epochs) epochs and labels.warmupEpochs is \(warmup), so \(labels)")
    }
    let rising = configuration.optimizer.warmupSteps
    if rising >= trainer.totalSteps {
      notes.append(
        "note: the run has \(trainer.totalSteps) steps and optimizer.warmupSteps is \(rising), so the "
          + "rate never reaches optimizer.learningRate")
    }
    return notes
  }
}
