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
  private var clusters: ClusterReport?
  private var diagnostics: EpochDiagnostics?
  private let started = ContinuousClock.now

  private init(_ request: TrainingRequest) throws {
    directory = try RunDirectory(request.output, resuming: request.resumes)
    checkpoints = CheckpointStore(
      directory: directory.checkpoints, keep: request.configuration.checkpoint.keep)
    // A run that goes on keeps its settings until its checkpoint has taken the new ones.
    if !request.resumes { try write(request) }
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
    if run.request.resumes { try write(run.request) }
    diagnostics = EpochDiagnostics(LabelReport(run.dataset.manifest))
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
    let perRank = configuration.batch.microbatches / run.communicator.size
    if run.communicator.size > 1 && perRank & (perRank - 1) != 0 {
      say(
        "note: \(perRank) microbatches a rank is no power of two, so another number of ranks "
          + "gives other bits")
    }
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
  func show(clustersLeft: Int) { line.update("clustering: \(clustersLeft) clusters left") }

  /// Keeps an epoch's labels and dendrogram, and what they look like beside the labels before and
  /// the true classes.
  func keep(
    _ outcome: Relabelling.Outcome, before: PseudoLabels, epoch: Int, manifest: Manifest
  ) throws {
    clusters = LabelReport(manifest).describe(outcome, before: before)
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
    diagnostics?.add(report)
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
  /// - Parameters:
  ///   - times: where the time of the steps went on this rank.
  ///   - dataShares: the share of its time that each rank needed for clips.
  func log(
    _ run: TrainingRun, steps: Int, seconds: Double, times: StepTimes, dataShares: [Float],
    statistics: [String: Double]
  ) {
    let configuration = run.configuration
    let clips = steps * configuration.batch.videos * run.trainer.objective.views.count
    let rate = Double(clips) / max(seconds, 1e-9)
    var fields: [String: MetricValue] = [
      "loss": .number(run.position.lastLoss), "clips_per_second": .number(rate),
      "seconds": .number(seconds), "unreadable": .integer(run.dataset.unreadable.count),
    ]
    let dataShare = Double(dataShares.max() ?? 0)
    fields["data_share"] = .number(dataShare)
    for (name, seconds) in times.parts { fields["seconds_\(name)"] = .number(seconds) }
    for (name, value) in statistics { fields[name] = .number(value) }
    fields.merge(diagnostics?.fields ?? [:]) { _, new in new }
    diagnostics?.reset()
    var text =
      "epoch \(run.position.epoch)/\(run.epochs)  "
      + "loss \(Self.fixed(run.position.lastLoss, 4))  \(Self.fixed(rate, 0)) clips/s  "
      + "data \(Self.fixed(dataShare * 100, 1)) %"
    if let clusters {
      fields.merge(clusters.fields) { _, new in new }
      text += "  clusters \(clusters.fineClusters)"
      if let truth = clusters.againstClasses { text += "  NMI \(Self.fixed(truth.nmi, 3))" }
      self.clusters?.seconds = nil
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
