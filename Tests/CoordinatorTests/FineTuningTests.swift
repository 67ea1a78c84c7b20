import Collective
import Foundation
import Model
import Retrieval
import Synchronization
import Testing
import Video

@testable import Coordinator

/// Fine-tuning of an untrained encoder on real clips.
@Suite(.serialized) struct FineTuningTests {
  private static let train = ["Jump", "Run", "Walk"].flatMap { name in
    (1...8).map { "\(name)/v_\(name)_g0\(($0 + 1) / 2)_c0\($0 % 2).mp4" }
  }
  private static let test = ["Jump", "Run", "Walk"].flatMap { name in
    (1...2).map { "\(name)/v_\(name)_g0\(6 + $0)_c01.mp4" }
  }

  /// Fine-tunes; nil if it was stopped.
  private func tune(
    _ world: SampleWorld, ranks: Int = 1, lanes: Int = 1, stoppingAfter steps: Int = .max,
    _ change: (inout FineTuningRequest) -> Void = { _ in }
  ) throws -> FineTuningReport? {
    var request = FineTuningRequest(data: world.data)
    (request.epochs, request.clips, request.crops) = (3, 2, .centre)
    (request.dropout, request.encoderShare) = (0.5, 1)
    request.judgesRetrieval = true
    change(&request)
    var configuration = world.configuration
    configuration.video.badShare = 0.4
    let reports = try Launch.simulated(ranks: ranks, deadline: .seconds(60)) {
      [request, configuration] communicator in
      let asked = Mutex(0)
      return try FineTuning(
        .untrained(seed: 1), configuration: configuration, request, lanes: lanes,
        ranksOfMachine: ranks, communicator: communicator,
        shouldStop: {
          asked.withLock {
            $0 += 1
            return communicator.rank == 0 && $0 >= steps
          }
        }
      ) { _ in
      }.run()
    }
    #expect(reports.allSatisfy { $0 == reports[0] })
    return reports[0]
  }

  @Test(.timeLimit(.minutes(10)))
  func `a fine-tuning ends with the same bits on any ranks and lanes, and counts every query`()
    throws
  {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    try world.damage(Self.test[0])
    let alone = try #require(try tune(world))
    #expect(alone.queries == 6 && alone.unreadable == 1)
    #expect(alone.training == 24 && alone.classes == 3)
    #expect(alone.loss.isFinite && alone.figures.accuracy5 < 100)
    #expect(alone.retrieval?.perClass.values.map(\.queries).reduce(0, +) == 6)
    for (ranks, lanes) in [(1, 3), (2, 1), (4, 1)] {
      #expect(try tune(world, ranks: ranks, lanes: lanes) == alone, "\(ranks)×\(lanes)")
    }
    #expect(throws: ConfigurationError.self) { try tune(world, ranks: 3) }
  }

  @Test(.timeLimit(.minutes(10)))
  func `one that was stopped, within an epoch and between two, goes on to the same bits`() throws {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    let folder = world.data + "-checkpoints"
    func tune(_ ranks: Int, stoppingAfter steps: Int = .max, resumes: Bool) throws
      -> FineTuningReport?
    {
      try self.tune(world, ranks: ranks, stoppingAfter: steps) {
        ($0.checkpoints, $0.resumes) = (folder, resumes)
      }
    }
    let whole = try self.tune(world)
    let steps = Self.train.count / world.configuration.batch.videos
    #expect(steps > 2)
    #expect(try tune(1, stoppingAfter: steps - 1, resumes: false) == nil)
    #expect(try tune(2, stoppingAfter: steps + 1, resumes: true) == nil)
    #expect(try tune(1, resumes: true) == whole)
    // All is done: judged again.
    #expect(try tune(2, resumes: true) == whole)
    #expect(throws: RunDirectoryError.self) { try tune(1, resumes: false) }
    #expect(throws: ConfigurationError.self) {
      try self.tune(world) {
        ($0.checkpoints, $0.resumes, $0.learningRate) = (folder, true, 0.1)
      }
    }
    #expect(throws: RunDirectoryError.self) {
      try self.tune(world) { ($0.checkpoints, $0.resumes) = (folder + "-nowhere", true) }
    }
    #expect(throws: RunDirectoryError.self) {
      try self.tune(world) { $0.checkpoints = world.data + "/splits/trainlist01.txt" }
    }
    // Classes are numbered over both lists, so one more makes another classifier.
    let wider = try SampleWorld(
      train: Self.train, test: Self.test + ["Cartwheel/v_Cartwheel_g06_c01.mp4"])
    #expect(throws: ConfigurationError.self) {
      try self.tune(wider) { ($0.checkpoints, $0.resumes) = (folder, true) }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a run's folders take no checkpoints of a fine-tuning`() throws {
    let world = try SampleWorld(train: Self.train, test: [])
    _ = try RunDirectory(world.path("run"), resuming: false)
    try world.configuration.write(to: world.path("run/run.yaml"), header: [])
    for folder in ["run", "run/checkpoints"] {
      #expect(throws: RunDirectoryError.self) {
        try tune(world) { $0.checkpoints = world.path(folder) }
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `ten crops are judged with the same bits on any ranks, and another rule learns otherwise`()
    throws
  {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    let (one, ten) = (try tune(world), try tune(world) { $0.crops = .ten })
    #expect(try tune(world, ranks: 2) { $0.crops = .ten } == ten)
    #expect(ten?.weights_hash == one?.weights_hash && ten?.crops == .ten && one?.crops == .centre)
    #expect(try tune(world) { $0.rule = .adamw }?.weights_hash != one?.weights_hash)
    #expect(try tune(world) { $0.encoderShare = 0.1 }?.weights_hash != one?.weights_hash)
    let asked = FineTuningRequest(data: world.data)
    #expect((asked.epochs, asked.clips, asked.crops, asked.rule) == (150, 10, .ten, .adam))
    #expect((asked.learningRate, asked.weightDecay, asked.dropout) == (1e-3, 1e-3, 0.9))
    let (classifier, encoder) = (asked.classifierOptimizer, asked.encoderOptimizer)
    #expect(encoder.name == .adam && encoder.decayNormAndBias && encoder.weightDecay == 1e-3)
    #expect(encoder.drops.map { ($0 * 150).rounded() } == [60, 100] && encoder.schedule == .step)
    #expect(abs(encoder.learningRate - 1e-4) < 1e-12 && classifier.learningRate == 1e-3)
  }

  @Test(.timeLimit(.minutes(10)))
  func `a linear probe leaves the encoder as it is, and learns`() throws {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    func probe(
      _ epochs: Int, ranks: Int = 1, lanes: Int = 1,
      _ change: (inout FineTuningRequest) -> Void = { _ in }
    ) throws -> FineTuningReport {
      try #require(
        try tune(world, ranks: ranks, lanes: lanes) {
          ($0.encoderShare, $0.epochs, $0.dropout, $0.learningRate) = (0, epochs, 0, 0.05)
          change(&$0)
        })
    }
    let (first, last) = (try probe(1), try probe(40))
    var configuration = world.configuration
    configuration.encoder.headHidden = 0
    let untrained = EncoderWeights(try configuration.network(), seed: 1)
    #expect(first.weights_hash == untrained.contentHash && last.weights_hash == first.weights_hash)
    #expect(first.retrieval == last.retrieval)
    // ln 3 = 1.10 is where a classifier starts.
    #expect(last.loss < min(first.loss, 1))
    for (ranks, lanes) in [(1, 3), (2, 1), (4, 1)] {
      #expect(try probe(3, ranks: ranks, lanes: lanes) == probe(3), "\(ranks)×\(lanes)")
    }
    #expect(try probe(3) { $0.crops = .ten }.weights_hash == first.weights_hash)
  }

  @Test(.timeLimit(.minutes(10)))
  func `the classes of the training videos are learned`() throws {
    let world = try SampleWorld(train: Self.train, test: [])
    let held = try #require(
      try tune(world) {
        ($0.split, $0.epochs, $0.dropout, $0.learningRate) = (.heldOut, 30, 0.1, 0.003)
      })
    // One group of four of each class is held out.
    #expect(held.queries == 6 && held.training == 18 && held.split == .heldOut)
    // ln 3 = 1.10 is chance; sixty steps come to 0.91.
    #expect(held.loss < 1)
  }
}
