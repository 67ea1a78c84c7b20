import Collective
import Foundation
import Retrieval
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

  private func tune(
    _ world: SampleWorld, ranks: Int = 1, lanes: Int = 1,
    _ change: (inout FineTuningRequest) -> Void = { _ in }
  ) throws -> FineTuningReport {
    var request = FineTuningRequest(data: world.data)
    (request.epochs, request.clips, request.dropout) = (3, 2, 0.5)
    request.judgesRetrieval = true
    change(&request)
    var configuration = world.configuration
    configuration.video.badShare = 0.4
    let reports = try Launch.simulated(ranks: ranks, deadline: .seconds(60)) {
      [request, configuration] communicator in
      try FineTuning(
        .untrained(seed: 1), configuration: configuration, request, lanes: lanes,
        ranksOfMachine: ranks, communicator: communicator
      ) { _ in
      }.run()
    }
    #expect(reports.allSatisfy { $0 == reports[0] })
    return reports[0]
  }

  @Test(.timeLimit(.minutes(2)))
  func `a fine-tuning ends with the same bits on any ranks and lanes, and counts every query`()
    throws
  {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    try world.damage(Self.test[0])
    let alone = try tune(world)
    #expect(alone.queries == 6 && alone.unreadable == 1)
    #expect(alone.training == 24 && alone.classes == 3)
    #expect(alone.loss.isFinite && alone.figures.accuracy5 < 100)
    #expect(alone.retrieval?.perClass.values.map(\.queries).reduce(0, +) == 6)
    for (ranks, lanes) in [(1, 3), (2, 1), (4, 1)] {
      #expect(try tune(world, ranks: ranks, lanes: lanes) == alone, "\(ranks)×\(lanes)")
    }
    #expect(throws: ConfigurationError.self) { try tune(world, ranks: 3) }
  }

  @Test(.timeLimit(.minutes(2)))
  func `the classes of the training videos are learned`() throws {
    let world = try SampleWorld(train: Self.train, test: [])
    let held = try tune(world) {
      ($0.split, $0.epochs, $0.dropout, $0.learningRate) = (.heldOut, 30, 0.1, 0.003)
    }
    // One group of four of each class is held out.
    #expect(held.queries == 6 && held.training == 18 && held.split == .heldOut)
    // ln 3 = 1.10 is chance; sixty steps come to 0.91.
    #expect(held.loss < 1)
  }
}
