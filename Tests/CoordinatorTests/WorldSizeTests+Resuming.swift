import Clustering
import Foundation
import Model
import Testing
import Video

@testable import Coordinator

/// What a run that stopped ends with, and what it refuses to go on with.
extension WorldSizeTests {
  @Test(.timeLimit(.minutes(10)))
  func `a run of as many clips that ended within an epoch goes on there, and says so in run.yaml`()
    throws
  {
    let world = try SmallWorld(objective: .iic)
    func train(_ name: String, epochs: Int, resumes: Bool = false) throws -> RunSummary {
      try world.train(name, ranks: 1, lanes: 2, resumes: resumes) {
        ($0.budget, $0.epochs, $0.optimizer.schedule) = (.clips, epochs, .constant)
        $0.optimizer.warmupSteps = 0
      }
    }
    let whole = try train("whole", epochs: 4)
    // Two passes of three views are four steps of three: an epoch and a third.
    let part = try train("longer", epochs: 2)
    #expect(part.steps == 4 && whole.steps == 8)
    let longer = try train("longer", epochs: 4, resumes: true)
    #expect(longer.weights_hash == whole.weights_hash)
    #expect(longer.loss.bitPattern == whole.loss.bitPattern)
    #expect(longer.steps == 8)
    let run = world.folder.appendingPathComponent("longer")
    #expect(try RunConfiguration.load(run.path + "/run.yaml").epochs == 4)
    let lines = try String(contentsOfFile: run.path + "/metrics.jsonl", encoding: .utf8)
    #expect(lines.split(separator: "\n").count == 3)
    #expect(try world.findings(of: "longer") == world.findings(of: "whole"))
    // What a checkpoint refuses does not reach the file.
    #expect(throws: ConfigurationError.self) {
      try world.train("longer", ranks: 1, lanes: 1, resumes: true) { $0.labels.every = 7 }
    }
    #expect(try RunConfiguration.load(run.path + "/run.yaml").labels.every == 1)
    #expect(throws: ConfigurationError.self) { try train("longer", epochs: 3, resumes: true) }
    #expect(try RunConfiguration.load(run.path + "/run.yaml").epochs == 4)
  }

  @Test(.timeLimit(.minutes(10)))
  func `a run does not resume with another linkage`() throws {
    let world = try SmallWorld()
    try world.train("stopped", ranks: 1, lanes: 1, stoppingAfter: 1)
    let error = #expect(throws: ConfigurationError.self) {
      try world.train("stopped", ranks: 1, lanes: 1, resumes: true) {
        ($0.labels.linkage, $0.optimizer.weightDecay, $0.checkpoint.keep) = (.single, 0.5, 7)
      }
    }
    let words = error?.description ?? ""
    let changes = "optimizer.weightDecay: 0.0001, not 0.5; labels.linkage: average, not single"
    #expect(words.contains("-step-000001: was made with other settings: \(changes); only epochs"))
  }

  @Test func `a checkpoint from before a setting was there fits a run that leaves it alone`()
    throws
  {
    let world = try SmallWorld()
    func fits(_ text: [String: String]) throws {
      let dataset = try Dataset(
        world.data.path, split: .train, configuration: world.configuration, byteLimit: 1 << 20)
      let contents = CheckpointContents(
        tensors: [:], epoch: 1, step: 1, text: text, configurationHash: "an earlier build's")
      try world.configuration.check(
        LoadedCheckpoint(path: "epoch-1", contents: contents, skipped: []), dataset)
    }
    let dataset = try Dataset(
      world.data.path, split: .train, configuration: world.configuration, byteLimit: 1 << 20)
    let videos = RunConfiguration.videosHash(dataset)
    let lines = try world.configuration.yaml().split(separator: "\n")
    let older = lines.filter { !$0.contains("averageDecay") }.joined(separator: "\n")
    #expect(older.count < lines.joined(separator: "\n").count)
    try fits(["run.yaml": older, RunConfiguration.videosFile: videos])
    #expect(throws: ConfigurationError.self) { try fits(["run.yaml": older]) }
    #expect(throws: ConfigurationError.self) { try fits([RunConfiguration.videosFile: videos]) }
    #expect(throws: ConfigurationError.self) {
      let other = older.replacing("seed: 0", with: "seed: 5")
      try fits(["run.yaml": other, RunConfiguration.videosFile: videos])
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [1, 3, 4, 5])
  func `a run that stops and resumes ends with the bits of one that does not`(steps: Int) throws {
    let world = try SmallWorld()
    let whole = try world.train("whole", ranks: 1, lanes: 2)
    let stopped = try world.train("stopped", ranks: 2, lanes: 1, stoppingAfter: steps)
    #expect(stopped.stopped)
    #expect(stopped.steps == steps)
    let resumed = try world.train("stopped", ranks: 1, lanes: 2, resumes: true)
    #expect(resumed.weights_hash == whole.weights_hash)
    #expect(resumed.labels_hash == whole.labels_hash)
    #expect(resumed.loss.bitPattern == whole.loss.bitPattern)
    #expect(try world.findings(of: "stopped") == world.findings(of: "whole"))
  }

  @Test(.timeLimit(.minutes(10)))
  func `a run does not resume on other videos, since labels belong to ids`() throws {
    let world = try SmallWorld()
    try world.train("stopped", ranks: 1, lanes: 1, stoppingAfter: 1)
    try world.renameOne()
    let error = #expect(throws: ConfigurationError.self) {
      try world.train("stopped", ranks: 1, lanes: 1, resumes: true)
    }
    #expect(error?.description.contains("another list of videos than these 24") == true)
  }
}
