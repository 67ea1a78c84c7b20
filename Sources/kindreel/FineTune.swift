public import ArgumentParser
import Collective
public import Coordinator
import Foundation
import Retrieval
import Tensors
public import Video

/// The command `kindreel finetune`.
struct FineTune: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Measure an encoder by training it further on true classes.",
    discussion: """
      A linear layer on the pooled feature, behind dropout, and the whole encoder are trained by Adam \
      on the class folders of the training videos; then the test videos are judged, the scores of their \
      clips averaged: --clips windows, each in ten crops (corners and middle, as filmed and mirrored) or \
      in one, of the middle. The defaults are SLIC's: 150 epochs of Adam, the encoder at a tenth of the \
      classifier's rate, a tenth of both from two fifths and from two thirds on, the decay in the gradient, \
      ten crops of seven eighths of the short side. What is ours: clips, batch, augmentation and seed are \
      the run's (theirs: 16 frames, 128 pixels, 32 videos), but flips, colours and grays change as often as \
      by default, whatever the run's objective had, and residual views are left out; scores are averaged \
      and not probabilities. Ten crops of ten windows are a hundred clips a video: --crops centre judges \
      in a tenth of the time. The result is a figure.

      --encoder-share 0 is the linear probe of the same work: the encoder stays as it is, running statistics \
      too, and the classifier alone learns. (kindreel evaluate --probe is quicker: it fits a classifier to the \
      rows of one embedding pass, which no crop or dropout changes, until that is as good as it gets.)

      --checkpoints keeps what training needs to go on, as often as the run's checkpoint.every says. \
      SIGUSR1 or SIGTERM then save at the next step and leave with 75 (the judging that follows is not \
      interrupted); the same command with --resume goes on, to the same end.

      --held-out judges the last fifth of the training groups of each class in place of the test list, \
      which is not read: for choosing settings.

      With --json:

        {"classes":28,"clips":10,"crops":"ten","epochs":150,"figures":{"accuracy":55.2,"accuracy_5":…,\
      "interval":[…],"per_class":{…}},"loss":0.4,"queries":560,"split":"test","training":1440,\
      "unreadable":0,"weights_hash":"…"}

      --retrieval adds "retrieval": an object of recall, map and the like, as evaluate prints.
      """)

  @OptionGroup var encoder: EncoderOptions

  @Option(help: "The dataset, with a train and a test split.")
  var data: String

  @Option(help: "Passes over the training videos.")
  var epochs = 150

  @Option(help: "The classifier's learning rate at the start.")
  var learningRate = 1e-3

  @Option(
    help: "The encoder's learning rate as a share of the classifier's; 0 leaves it as it is.")
  var encoderShare = 0.1

  @Option(help: "The rule by which weights follow their gradients.")
  var optimizer = FineTuningRequest.Rule.adam

  @Option(
    help: "An L2 penalty's factor; with adamw the share of the rate by which weights shrink.")
  var weightDecay = 1e-3

  @Option(help: "The probability that an element of the feature is left out.")
  var dropout = 0.9

  @Option(help: "Windows of a judged video.")
  var clips = 10

  @Option(help: "What is seen of each.")
  var crops = EvaluationView.Crops.ten

  @Flag(help: "Judge held-out groups of the training list; the test list is not read.")
  var heldOut = false

  @Flag(help: "Judge retrieval by the fine-tuned pooled feature, too, as evaluate does.")
  var retrieval = false

  @Option(help: "A folder for checkpoints; it must hold none, unless with --resume.")
  var checkpoints: String?

  @Flag(help: "Go on from the newest whole checkpoint in --checkpoints.")
  var resume = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var world: WorldOptions

  func validate() throws {
    for (name, value, most) in [("epochs", epochs, 1_000_000), ("clips", clips, 1000)]
    where !(1...most).contains(value) {
      throw ValidationError("--\(name) is \(value); it must lie in 1…\(most)")
    }
    guard learningRate > 0, learningRate.isFinite, weightDecay >= 0, weightDecay.isFinite else {
      throw ValidationError(
        "--learning-rate is \(learningRate) and --weight-decay \(weightDecay); the first must be "
          + "above 0, the second at least 0")
    }
    guard 0...1000 ~= encoderShare else {
      throw ValidationError("--encoder-share is \(encoderShare); it must lie in 0…1000")
    }
    guard 0..<1 ~= dropout else {
      throw ValidationError("--dropout is \(dropout); it must be at least 0 and below 1")
    }
    if checkpoints == "" || resume && checkpoints == nil {
      throw ValidationError("name a folder: --checkpoints DIR")
    }
  }

  func run() throws {
    try reportingFailure {
      if checkpoints != nil { StopRequest.listen() }
      let (source, named, request, world) = (
        try encoder.source(), try encoder.named(), request, world
      )
      let outcome = try world.launch(deadline: encoder.deadline()) { communicator in
        try FineTuning(
          source, configuration: named, request, lanes: world.lanesOfRank,
          ranksOfMachine: world.ranksOfMachine, communicator: communicator,
          shouldStop: { StopRequest.isMade }
        ) { line in
          guard communicator.rank == 0 else { return }
          StandardError.say(line)
        }.run()
      }
      guard let outcome else { return }
      guard let report = outcome else {
        StandardError.say("kindreel: saved in \(checkpoints ?? ""); go on with --resume")
        throw ArgumentParser.ExitCode(Coordinator.ExitCode.requeue.rawValue)
      }
      guard !json else { return try printJSON(report) }
      print(summary(of: report))
    }
  }

  private func summary(of report: FineTuningReport) -> String {
    let figures = report.figures
    let (low, high) = (figures.interval[0], figures.interval[1])
    var line =
      (request.isProbe ? "a linear classifier trained" : "fine-tuned")
      + " on \(report.training) videos of \(report.classes) classes, judged on "
      + "\(report.queries) \(heldOut ? "held-out training" : "test") videos: "
    line += String(
      format: "accuracy %.1f (95 %%: %.1f–%.1f), among the first five %.1f", figures.accuracy, low,
      high, figures.accuracy5)
    if let retrieval = report.retrieval {
      line += String(format: "; retrieval R@1 %.1f", retrieval.recall["1"] ?? .nan)
    }
    if report.unreadable > 0 { line += "; \(report.unreadable) unreadable, missed" }
    return line
  }

  private var request: FineTuningRequest {
    var request = FineTuningRequest(data: data)
    request.split = heldOut ? .heldOut : .test
    request.epochs = epochs
    (request.rule, request.learningRate, request.weightDecay) = (
      optimizer, learningRate, weightDecay
    )
    request.encoderShare = encoderShare
    (request.dropout, request.clips, request.crops) = (dropout, clips, crops)
    request.judgesRetrieval = retrieval
    (request.checkpoints, request.resumes) = (checkpoints, resume)
    return request
  }
}

extension FineTuningRequest.Rule: ExpressibleByArgument {}
extension EvaluationView.Crops: ExpressibleByArgument {}
