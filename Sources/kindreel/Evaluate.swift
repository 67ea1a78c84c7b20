public import ArgumentParser
import Collective
import Coordinator
import Foundation
public import Worker

/// The command `kindreel evaluate`.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure retrieval: test videos against the training videos.",
    discussion: """
      k nearest neighbours by cosine; R@k is the share of test videos, in percent, that share \
      their class folder with any of the k nearest training videos. Every query counts. With \
      --json:

        {"clips":3,"feature":"pooled","gallery":1440,"interval":[37.1,45.4],"queries":560,\
      "recall":{"1":41.2,"5":…,"10":…,"20":…,"50":…},"unreadable":0}
      """)

  @OptionGroup var encoder: EncoderOptions

  @Option(help: "The dataset, with a train and a test split.")
  var data: String

  @Option(help: "Evenly spaced clips a video; their unit rows are averaged.")
  var clips: Int?

  @Option(help: "pooled (the backbone's feature) or head (the projection).")
  var feature: Feature?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var world: WorldOptions

  func validate() throws {
    if let clips, clips < 1 { throw ValidationError("--clips is \(clips); at least 1 is needed") }
  }

  func run() throws {
    try reportingFailure {
      let (source, named) = (try encoder.source(), try encoder.named())
      let (data, clips, feature, world) = (data, clips, feature, world)
      let report = try world.launch(deadline: named?.deadlineSeconds ?? 300) { communicator in
        let session = try EncoderSession(
          source, configuration: named, lanes: world.lanesOfRank,
          ranksOfMachine: world.ranksOfMachine, communicator: communicator)
        EncoderOptions.report(session.loaded, communicator)
        let settings = session.configuration.evaluation
        return try RetrievalEvaluation(session, lanes: world.lanesOfRank).run(
          data, clips: clips ?? settings.clips, feature: feature ?? settings.feature)
      }
      guard let report else { return }
      if json { try printJSON(report) } else { print(Self.table(report)) }
    }
  }

  private static func table(_ report: EvaluationReport) -> String {
    let ks = [1, 5, 10, 20, 50]
    let head = ks.map { "R@\($0)".leftPadded(to: 7) }.joined()
    let row = ks.map {
      String(format: "%7.1f", report.recall["\($0)"] ?? .nan)
    }.joined()
    return """
      \(report.queries) queries, gallery \(report.gallery), \(report.clips) clips, \
      \(report.feature) feature; 95 % of R@1: \(report.interval.map { String(format: "%.1f", $0) }
        .joined(separator: "–"))
      \(head)
      \(row)
      """
  }
}

extension Feature: ExpressibleByArgument {}

extension String {
  /// The text, preceded by spaces up to a width.
  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
