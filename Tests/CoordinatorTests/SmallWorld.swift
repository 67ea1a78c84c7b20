import Collective
import Foundation
import Model
import Testing

@testable import Coordinator

/// A folder with a few clips of the sample set, and runs of the smoke preset on it.
struct SmallWorld {
  private let directory: TemporaryDirectory
  let folder: URL
  let data: URL

  init(objective: ObjectiveSettings.Name = .cluster) throws {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let samples = repository.appendingPathComponent("Samples/actions/videos")
    let files = FileManager.default
    directory = try TemporaryDirectory()
    folder = URL(fileURLWithPath: directory.path)
    data = folder.appendingPathComponent("videos")
    try files.createDirectory(at: data, withIntermediateDirectories: true)
    let classes = try files.contentsOfDirectory(atPath: samples.path).sorted().prefix(8)
    for name in classes {
      let source = samples.appendingPathComponent(name)
      for file in try files.contentsOfDirectory(atPath: source.path).sorted().prefix(3) {
        try files.copyItem(
          at: source.appendingPathComponent(file), to: data.appendingPathComponent(file))
      }
    }
    configuration = try RunConfiguration.load(
      SampleWorld.smoke.path, overrides: ["objective.name=\(objective.rawValue)"])
  }

  let configuration: RunConfiguration

  /// Cuts one file off after its first bytes.
  func damageOne() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: data.path).sorted()
    try Data(repeating: 7, count: 100).write(to: data.appendingPathComponent(names[5]))
  }

  /// Gives one file another name; there are as many as before.
  func renameOne() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: data.path).sorted()
    try FileManager.default.moveItem(
      at: data.appendingPathComponent(names[0]), to: data.appendingPathComponent("zebra.mp4"))
  }

  /// What a run's metrics say of its epochs, but for what depends on the clock.
  func findings(of name: String) throws -> [[String: Double]] {
    let path = folder.appendingPathComponent(name).path + "/metrics.jsonl"
    return try MetricsFile(reading: path).lines.map { line in
      let lists = line.lists.flatMap { name, values in
        values.enumerated().map { ("\(name) \($0)", $1) }
      }
      return line.numbers.merging(lists) { $1 }
        .filter { !$0.key.contains("second") && $0.key != "data_share" }
    }
  }

  @discardableResult
  func train(
    _ name: String, ranks: Int, lanes: Int, stoppingAfter steps: Int? = nil, resumes: Bool = false,
    _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> RunSummary {
    var configuration = configuration
    change(&configuration)
    var request = TrainingRequest(
      configuration: configuration, data: data.path,
      output: folder.appendingPathComponent(name).path, lanes: lanes, ranksOfMachine: ranks)
    request.resumes = resumes
    let summaries = try Launch.simulated(ranks: ranks, deadline: .seconds(60)) {
      [request] communicator in
      let countdown = Countdown(steps)
      var run = try TrainingRun(
        request, communicator: communicator, shouldStop: { countdown.isOver })
      return try run.run()
    }
    #expect(summaries.allSatisfy { $0 == summaries[0] })
    return summaries[0]
  }
}

/// Asks for a stop with the n-th step; never where n is nil.
///
/// `@unchecked Sendable`: one rank's main thread counts.
private final class Countdown: @unchecked Sendable {
  private var left: Int?

  init(_ steps: Int?) { left = steps }

  var isOver: Bool {
    guard let left else { return false }
    self.left = left - 1
    return left <= 1
  }
}
