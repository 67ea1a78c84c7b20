internal import Tensors

/// Where training stands between two steps.
struct TrainingPosition: Equatable {
  /// The epochs that are done.
  var epoch = 0
  /// The steps of the current epoch that are done.
  var step = 0
  /// Their losses.
  var loss = LossSum()
  /// The losses of the epoch before.
  var last = LossSum()
}

extension TrainingPosition {
  /// The position that a checkpoint was made at.
  init(_ contents: CheckpointContents) {
    let progress = contents.progress
    let step = progress["step_of_epoch"] ?? 0
    self.init(
      epoch: contents.epoch, step: step,
      loss: LossSum(
        total: Double(storedBits: progress["loss_sum_bits"] ?? 0),
        finiteSteps: progress["finite_steps"] ?? step),
      last: LossSum(
        total: Double(storedBits: progress["last_loss_sum_bits"] ?? 0),
        finiteSteps: progress["last_steps"] ?? 0))
  }

  /// Whether so many steps of the run lead here: epochs are equally long, but for a last one that was cut
  /// short.
  func isAfter(_ steps: Int, stepsPerEpoch: Int) -> Bool {
    let ahead = epoch * stepsPerEpoch + step - steps
    return ahead == 0 || step == 0 && (0..<stepsPerEpoch).contains(ahead)
  }

  /// What a checkpoint keeps of it besides the epoch.
  var progress: [String: Int] {
    [
      "step_of_epoch": step, "finite_steps": loss.finiteSteps, "last_steps": last.finiteSteps,
      "loss_sum_bits": loss.total.storedBits, "last_loss_sum_bits": last.total.storedBits,
    ]
  }
}
