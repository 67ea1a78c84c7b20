import ArgumentParser
import Coordinator
import Foundation

/// The command `kindreel report`.
struct Report: ParsableCommand, RunsAlone {
  static let configuration = CommandConfiguration(
    abstract: "Draw a run: curves, clusters, evaluations and settings on one page of HTML.",
    discussion: """
      The page needs no other file and no network. It may be written while the run goes on.

        kindreel evaluate --run RUN --data DIR --json > e.json
        kindreel report RUN --out report.html --evaluation e.json

      --tensorboard DIR writes the figures of metrics.jsonl for TensorBoard, by steps; a run \
      keeps them in RUN/tensorboard itself, unless with log.tensorboard=false.
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"))
  var directory: String

  @Option(help: "The page to write, ending in .html.")
  var out: String?

  @Option(help: "A file of kindreel evaluate --json, for the table of rankings; repeatable.")
  var evaluation: [String] = []

  @Option(help: "A directory to write TensorBoard's events to.")
  var tensorboard: String?

  func validate() throws {
    guard out != nil || tensorboard != nil else {
      throw ValidationError("name what to write: --out PAGE.html or --tensorboard DIR")
    }
    if let out, !out.hasSuffix(".html") {
      throw ValidationError("--out is '\(out)'; it must end in .html")
    }
    if out == nil && !evaluation.isEmpty {
      throw ValidationError("--evaluation is about the page, which --out PAGE.html asks for")
    }
  }

  func run() throws {
    try reportingFailure {
      if let out {
        try OutputPath.check(out)
        try RunReport(directory, evaluations: evaluation).write(to: out)
      }
      if let tensorboard {
        try MetricsFile(reading: directory + "/metrics.jsonl").writeEvents(to: tensorboard)
      }
    }
  }
}
