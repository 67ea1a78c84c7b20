internal import Collective
internal import Model
internal import Video
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
    if configuration.batch.microbatches == 1
      && trainer.objective.views.contains(where: { $0.source == .momentum })
    {
      notes.append(
        "note: batch.microbatches is 1, so keys share batch statistics with their queries, which the "
          + "other order of keys would prevent")
    }
    if communicator.size > 1 && configuration.batch.shards == .static && showsOthers {
      notes.append(
        "note: batch.shards is static, but keys in another order, or positives of other videos, come from "
          + "all shards, so every rank needs all videos")
    }
    var shown = Set(((try? configuration.viewRecipes()) ?? []).map(\.content))
    if configuration.augmentation.residual > 0 { shown.insert(.residual) }
    if shown.isDisjoint(with: configuration.evaluation.shows) {
      notes.append(
        "note: no view shows \(configuration.evaluation.shows.map(\.rawValue).joined(separator: " or ")), "
          + "which evaluation.shows compares")
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

  /// Whether a microbatch embeds videos beside those that are planned for it.
  private var showsOthers: Bool {
    trainer.objective.views.contains { $0.source == .momentum || $0.subject != .own }
  }
}
