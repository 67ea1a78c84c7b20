import Collective
import Foundation
import Model
import Testing
import Worker

@testable import Coordinator

@Suite struct RunEstimateTests {
  /// Without measuring: a microbatch takes 3 s.
  private static func estimate(
    videos: Int = 100, lanes: Int = 2, _ overrides: String...
  ) throws -> RunEstimate {
    try RunEstimate(
      RunConfiguration.load(nil, overrides: overrides), videos: videos, videoBytes: 1e6,
      lanes: lanes, given: StepTiming(microbatch: 3))
  }

  @Test func `Steps and times follow from the batch, the ranks and the lanes`() throws {
    let estimate = try Self.estimate()
    #expect(estimate.steps_per_epoch == 3 && estimate.steps == 60)
    #expect(estimate.clips_per_step == 64 && estimate.microbatches == 4)
    #expect(estimate.clusterings == 15 && estimate.decoded_bytes == 100_000_000)
    #expect(estimate.rows.map(\.ranks) == [1, 2, 4] && estimate.rows.map(\.lanes) == [2, 2, 1])
    #expect(estimate.rows.map(\.step_seconds) == [6, 3, 3])
    #expect(estimate.rows.map(\.epoch_seconds) == [18, 9, 9])
    // 100 clips in blocks of 16, one second each.
    #expect(estimate.rows.map(\.embedding_seconds) == [4, 2, 2])
    let first = try #require(estimate.rows.first)
    let cluster = try #require(first.cluster_seconds)
    #expect(cluster < 0.01)
    #expect(abs(first.total_hours * 3600 - (360 + 15 * (4 + cluster))) < 1e-6)
  }

  @Test func `Labels cost what their source and method cost`() throws {
    let bank = try Self.estimate("labels.source=bank")
    #expect(bank.rows[0].embedding_seconds == nil && bank.rows[0].cluster_seconds != nil)
    #expect(try Self.estimate("labels.method=finch").rows[0].cluster_seconds == nil)
    let once = try Self.estimate("labels.every=0")
    #expect(once.clusterings == 1)
    let given = try Self.estimate("labels.file=labels.tsv")
    #expect(given.clusterings == 0 && given.rows[0].cluster_seconds == nil)
    let none = try Self.estimate("objective.name=simclr")
    #expect(none.clusterings == 0 && none.rows[0].embedding_seconds == nil)
    // Keys are embedded besides, forward only.
    let moco = try Self.estimate("objective.name=moco")
    #expect(moco.rows.map(\.step_seconds) == [8, 4, 4])
  }

  @Test func `A second encoder has gradients of its own`() throws {
    let one = try Self.estimate("objective.name=cmc")
    let two = try Self.estimate("objective.name=cmc", "objective.encoders=separate")
    #expect(one.encoders == 1 && two.encoders == 2)
    #expect(two.gradient_bytes == 2 * one.gradient_bytes)
    #expect(two.clips_per_step == one.clips_per_step)
  }

  @Test(arguments: [
    ["objective.name=cluster"], ["objective.name=moco"],
    ["objective.name=cmc", "objective.encoders=separate"],
    ["optimizer.averageDecay=0.9", "labels.weights=averaged"],
  ])
  func `Arenas are those of all encoders of the run`(overrides: [String]) throws {
    let world = try SmallWorld()
    let configuration = try RunConfiguration.load(
      SampleWorld.smoke.path, overrides: overrides)
    let run = try TrainingRun(
      TrainingRequest(
        configuration: configuration, data: world.data.path,
        output: world.folder.appendingPathComponent("run").path, lanes: 2, ranksOfMachine: 1),
      communicator: Launch.simulated(ranks: 1) { $0 }[0])
    let replicas = [run.trainer.replica, run.trainer.partner?.replica, run.trainer.averaged]
    let bytes = replicas.compactMap { $0?.memory.byteCount }.reduce(0, +)
    let estimate = try RunEstimate(
      configuration, videos: 24, videoBytes: nil, lanes: 2, given: StepTiming(microbatch: 1))
    #expect(estimate.rows[0].arena_bytes == bytes)
  }

  @Test func `Weights are counted with their copies, gradients and moments`() throws {
    func bytes(_ overrides: String...) throws -> [Int] {
      let settings = try RunConfiguration.load(nil, overrides: ["batch.microbatches=8"] + overrides)
      return try RunEstimate(
        settings, videos: 100, videoBytes: nil, lanes: 2, given: StepTiming(microbatch: 1)
      ).rows.map(\.weight_bytes)
    }
    let layout = try RunConfiguration.load(nil).network().layout
    let moments = 4 * layout.parameterCount
    let whole = moments + 4 * layout.statisticsCount
    let sgd = try bytes("optimizer.name=sgd", "optimizer.learningRate=0.1")
    let adam = try bytes()
    #expect(zip(sgd, adam).allSatisfy { $1 - $0 == 2 * moments })
    // Four, two, one and one leaf a lane: 3, 2, 1 buffers on two lanes, then one on one.
    #expect(adam.map { (adam[3] - $0) / whole } == [-5, -3, -1, 0])
    // Weights, two moments, a sum, copies for two directions, and a checkpoint.
    let least = 3 * whole + 4 * moments
    #expect(adam[3] > least + moments && adam[3] < least + 4 * moments)
    #expect(try bytes("optimizer.averageDecay=0.9").last == adam[3] + 2 * whole)
  }

  @Test func `What does not fit in memory is computed twice, or said to be impossible`() throws {
    let ample = try #require(try Self.estimate().rows[0].arena_bytes)
    let tight = try Self.estimate("memoryMegabytes=\(ample >> 20)").rows
    #expect(!tight[0].keeps_activations && tight[0].step_seconds == 8)
    let none = try Self.estimate("memoryMegabytes=1").rows[0]
    #expect(none.arena_bytes == nil)
    #expect(none.problem?.contains("memoryMegabytes leaves 1 MiB") == true)
    #expect(throws: DatasetError.self) { try Self.estimate(videos: 31) }
  }

  @Test func `The clustering's model gives the figures that it was fitted to`() throws {
    func seconds(_ rows: Int, _ width: Int, _ lanes: Int) throws -> Double {
      try #require(ClusteringTime.seconds(LabelSettings(), rows: rows, width: width, lanes: lanes))
    }
    for (rows, width, lanes, measured) in [
      (100_000, 128, 2, 10.0), (100_000, 512, 2, 36.0), (200_000, 128, 2, 37.7),
      (20_000, 512, 1, 3.24), (20_000, 512, 2, 1.92),
    ] {
      #expect(try abs(seconds(rows, width, lanes) / measured - 1) < 0.2)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `A step is measured where no time is given`() throws {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let smoke = try RunConfiguration.load(
      repository.appendingPathComponent("cluster-configs/presets/smoke.yaml").path)
    let estimate = try RunEstimate(smoke, videos: 24, videoBytes: nil, lanes: 2)
    #expect(estimate.measured && estimate.decoded_bytes == nil)
    #expect(estimate.timing.microbatch > 0 && estimate.timing.embedding > 0)
  }
}
