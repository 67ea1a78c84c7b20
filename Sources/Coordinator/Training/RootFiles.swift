internal import Clustering
internal import Collective
import Foundation
internal import Model
internal import Tensors
internal import Video
internal import Worker

/// What only rank 0 keeps: the run directory, the log, the checkpoints, the progress line.
///
/// `@unchecked Sendable`: used by rank 0's main thread alone.
final class RootFiles: @unchecked Sendable {
  let directory: RunDirectory
  let checkpoints: CheckpointStore
  private let line = ProgressLine()
  private var log: RunLog?
  /// Of the epoch that runs.
  var figures = EpochFigures()
  private var labels: LabelReport?
  private let started = ContinuousClock.now

  private init(_ request: TrainingRequest) throws {
    directory = try RunDirectory(request.output, resuming: request.resumes)
    checkpoints = CheckpointStore(
      directory: directory.checkpoints, keep: request.configuration.checkpoint.keep)
  }

  private func write(_ request: TrainingRequest) throws {
    try request.configuration.write(
      to: directory.configuration,
      header: ["kindreel \(Program.version)", "data: \(request.data)"])
  }

  /// Opens the run directory on rank 0; every rank learns of a failure.
  static func open(
    _ request: TrainingRequest, _ communicator: Communicator
  ) throws -> RootFiles? {
    var files: RootFiles?
    _ = try communicator.decide(gathering: [Int32]()) { _ in
      files = try RootFiles(request)
      return true
    }
    return files
  }

  /// Writes a line to standard error.
  func say(_ text: String) { line.finish(text) }

  /// Tells what is about to run, and opens the log.
  func announce(_ run: TrainingRun) throws {
    let configuration = run.configuration
    // Only now: what was refused leaves no run behind, and one that goes on its settings as they were.
    try write(run.request)
    labels = LabelReport(run.dataset.manifest)
    let network = run.trainer.replica.weights.network
    say(
      "\(configuration.objective.name.rawValue) on \(run.dataset.count) videos, seed \(configuration.seed): "
        + "R3D-\(network.architecture.depth), \(network.layout.parameterCount) parameters, "
        + "\(configuration.precision.rawValue)")
    say(
      "\(run.communicator.size) ranks × \(run.lanes.count) lanes, "
        + "\(configuration.batch.microbatches) microbatches of \(run.trainer.replica.clips) clips, "
        + "activations \(run.trainer.replica.keepsActivations ? "kept" : "recomputed")")
    let others = [run.trainer.partner?.replica, run.trainer.averaged]
      .reduce(0) { $0 + ($1?.memory.byteCount ?? 0) }
    say(
      "\(run.trainer.replica.memory)"
        + (others > 0 ? ", \(others >> 20) MiB in all for the second network" : "")
        + ", of memoryMegabytes \(configuration.memoryMegabytes) a rank")
    if run.kernels.method == .timed { say("convolutions: \(run.kernels.summary(of: network))") }
    for note in run.notes { say(note) }
    if !run.dataset.unreadable.isEmpty {
      say(
        "\(run.dataset.unreadable.count) videos cannot be read and are replaced:\n"
          + run.dataset.unreadableNames(limit: 20))
    }
    log = try RunLog(
      path: directory.metrics, resumingAfter: run.trainer.step, epoch: run.position.epoch
    ) { [line] text in line.finish(text) }
  }

  /// Shows how far a clustering is.
  func show(_ clustering: ClusteringProgress) { line.update("clustering: \(clustering)") }

  /// Keeps an epoch's labels and dendrogram, and what they look like beside the labels before and
  /// the true classes.
  func keep(
    _ outcome: Relabelling.Outcome, before: PseudoLabels, epoch: Int, manifest: Manifest
  ) throws {
    figures.clusters = labels?.describe(outcome, before: before)
    if figures.clusters?.coarseClusters == 1 {
      say(
        "warning: one coarse cluster holds all videos, so that none has negatives and nothing is learnt; "
          + "make labels.coarse a lower height or a larger count")
    }
    var lines = ["id\tfine\tcoarse"]
    for (index, sample) in manifest.samples.enumerated() {
      lines.append("\(sample.id)\t\(outcome.labels.fine[index])\t\(outcome.labels.coarse[index])")
    }
    try AtomicFile.write(
      Data((lines.joined(separator: "\n") + "\n").utf8), to: directory.labels(epoch: epoch + 1))
    guard let tree = outcome.dendrogram else { return }
    try Npy.write(
      doubles: tree.linkageMatrix, rows: tree.merges.count, columns: 4,
      to: directory.dendrogram(epoch: epoch + 1))
  }

  /// Takes a step into the epoch's figures, and rewrites the progress line.
  func show(_ report: StepReport, _ run: TrainingRun, stepsOfEpoch: Int) {
    if let labels { figures.add(report, comparedBy: labels) }
    for (sample, reason) in report.failures.sorted(by: { $0.key < $1.key }) {
      say("\(run.dataset.manifest.samples[sample].id): \(reason); replaced")
    }
    if !report.isFinite {
      say("step \(run.trainer.step): loss \(report.loss), gradient not finite; skipped")
    }
    line.update(
      "epoch \(run.position.epoch + 1)/\(run.epochs)  "
        + "step \(run.position.step)/\(stepsOfEpoch)  loss \(Self.fixed(report.loss, 4))")
  }

  /// Writes an epoch's row, and a line that stays.
  ///
  /// - Parameter dataShares: the share of its time that each rank needed for clips in the steps that this
  ///   process made, all of the epoch's unless it was resumed within.
  func log(_ run: TrainingRun, dataShares: [Float]) {
    let (configuration, loss) = (run.configuration, run.position.last.mean)
    let clips = figures.steps * configuration.videosPerStep * run.trainer.objective.views.count
    let rate = Double(clips) / max(figures.seconds, 1e-9)
    let dataShare = Double(dataShares.max() ?? 0)
    let fields: [String: MetricValue] = [
      "loss": .number(loss), "clips_per_second": .number(rate), "data_share": .number(dataShare),
      "unreadable": .integer(run.dataset.unreadable.count),
    ].merging(figures.fields) { $1 }
    var text =
      "epoch \(run.position.epoch)/\(run.epochs)  loss \(Self.fixed(loss, 4))  "
      + "\(Self.fixed(rate, 0)) clips/s  data \(Self.fixed(dataShare * 100, 1)) %"
    if let clusters = figures.clusters {
      text += "  clusters \(clusters.fineClusters)"
      if let truth = clusters.againstClasses { text += "  NMI \(Self.fixed(truth.nmi, 3))" }
    }
    log?.append("epoch", epoch: run.position.epoch, step: run.trainer.step, fields)
    if configuration.log.tensorboard { keepEvents() }
    line.finish(text)
  }

  /// Writes what the log has for TensorBoard; a failure is told and costs nothing else.
  private func keepEvents() {
    do {
      try MetricsFile(reading: directory.metrics).writeEvents(to: directory.tensorboard)
    } catch {
      say("TensorBoard's events are not kept: \(error)")
    }
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
