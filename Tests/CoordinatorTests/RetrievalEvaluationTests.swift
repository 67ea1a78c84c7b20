import Collective
import Foundation
import Model
import Retrieval
import Testing
import Video
import Worker

@testable import Coordinator

/// Evaluations of an untrained encoder on real clips.
@Suite(.serialized) struct RetrievalEvaluationTests {
  private static let train = ["Jump", "Run", "Walk"].flatMap { name in
    (1...6).map { "\(name)/v_\(name)_g0\(($0 + 1) / 2)_c0\($0 % 2).mp4" }
  }
  private static let test = ["Jump", "Run", "Walk"].flatMap { name in
    (1...2).map { "\(name)/v_\(name)_g0\(6 + $0)_c01.mp4" }
  }

  private func evaluate(
    _ world: SampleWorld, ranks: Int = 1, _ change: (inout EvaluationRequest) -> Void = { _ in }
  ) throws -> EvaluationReport {
    var request = EvaluationRequest(data: world.data)
    change(&request)
    var configuration = world.configuration
    configuration.video.badShare = 0.4
    let reports = try Launch.simulated(ranks: ranks, deadline: .seconds(60)) {
      [request, configuration] communicator in
      let session = try EncoderSession(
        .untrained(seed: 1), configuration: configuration, lanes: 1, ranksOfMachine: ranks,
        communicator: communicator)
      return try RetrievalEvaluation(session, request).run()
    }
    #expect(reports.allSatisfy { $0 == reports[0] })
    return reports[0]
  }

  @Test(.timeLimit(.minutes(10)), arguments: RetrievalProtocol.allCases)
  func `every protocol gives the same report on any number of ranks`(
    retrievalProtocol: RetrievalProtocol
  ) throws {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    func report(_ ranks: Int) throws -> EvaluationReport {
      try evaluate(world, ranks: ranks) {
        $0.retrievalProtocol = retrievalProtocol
        $0.post = PostProcessing.allCases
        $0.probes = true
        if retrievalProtocol != .kindreel { $0.clips = 2 }
      }
    }
    let alone = try report(1)
    #expect(try report(3) == alone)
    #expect(alone.queries == 6 && alone.gallery == 18 && alone.classes == 3)
    #expect(alone.clips == (retrievalProtocol == .kindreel ? 1 : 2))
    let widths: [RetrievalProtocol: (String, Int)] = [
      .kindreel: ("pooled", 128), .iic: ("map", 512), .slic: ("head", 32), .coclr: ("pooled", 128),
    ]
    #expect(alone.feature == widths[retrievalProtocol]?.0)
    #expect(alone.width == widths[retrievalProtocol]?.1)
    #expect(alone.figures.recall["50"] == 100)
    #expect(Set(alone.post.keys) == Set(PostProcessing.allCases.map(\.rawValue)))
    #expect(alone.probe?.converged == true)
    // Every test video is a copy of a training video of Jump, and finds it.
    #expect(alone.figures.perClass["Jump"]?.recall == 100)
    #expect(abs((alone.figures.recall["1"] ?? 0) - 100.0 / 3) < 1e-9)
  }

  @Test(.timeLimit(.minutes(10)))
  func `a query that cannot be read is missed, and a gallery video that cannot is gone`() throws {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    let whole = try evaluate(world)
    try world.damage(Self.test[0])
    try world.damage(Self.train[17])
    let report = try evaluate(world)
    #expect(report.queries == 6 && report.unreadable == 1)
    #expect(report.gallery == 17 && report.unreadableGallery == 1)
    #expect(report.figures.perClass["Jump"]?.queries == 2)
    #expect((report.figures.recall["50"] ?? 0) < (whole.figures.recall["50"] ?? 0))
  }

  @Test(.timeLimit(.minutes(10)))
  func `held-out queries come from other footage, and the test list is not read`() throws {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    let before = try evaluate(world) { $0.split = .heldOut }
    #expect(before.split == .heldOut)
    #expect(before.queries == 6 && before.gallery == 12)
    #expect(before.figures.queriesWithSiblings == 0)
    try FileManager.default.removeItem(atPath: world.data + "/splits/testlist01.txt")
    for id in Self.test {
      try FileManager.default.removeItem(atPath: world.data + "/videos/" + id)
    }
    #expect(try evaluate(world) { $0.split = .heldOut } == before)
    #expect(throws: VideoError.self) { try evaluate(world) }
  }

  @Test(.timeLimit(.minutes(10)))
  func `the report's JSON has the plain figures at its top and reads back`() throws {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    let report = try evaluate(world) { $0.post = [.centred] }
    let text = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(EvaluationReport.self, from: text) == report)
    let object = try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
    #expect((object["recall"] as? [String: Double])?["50"] == 100)
    #expect(object["interval"] as? [Double] == report.figures.intervals["1"])
    #expect(object["protocol"] as? String == "kindreel")
    #expect((object["post"] as? [String: Any])?.keys.sorted() == ["centred"])
  }

  @Test func `published protocols take ten clips, and the mean of rows of any length`() {
    var settings = EvaluationSettings()
    (settings.clips, settings.feature) = (3, .head)
    for retrievalProtocol in RetrievalProtocol.allCases {
      let recipe = retrievalProtocol.recipe(clips: nil, settings: settings)
      let isOurs = retrievalProtocol == .kindreel
      #expect(recipe.clips == (isOurs ? 3 : 10) && recipe.normalisesClips == isOurs)
      #expect(retrievalProtocol.recipe(clips: 4, settings: settings).clips == 4)
    }
    #expect(RetrievalProtocol.kindreel.recipe(clips: nil, settings: settings).feature == .head)
  }

  @Test func `the last fifth of a class's groups is held out, at least one of two`() {
    let ids =
      (8...25).map { "Walk/v_Walk_g\($0 < 10 ? "0" : "")\($0)_c01.avi" }
      + ["Run/a.avi", "Run/b.avi", "Sit/alone.avi"]
    let held = HeldOutGroups(ids: ids) { id in
      id.contains("_g") ? String(id.split(separator: "_").dropLast().joined(separator: "_")) : nil
    }
    let names = ids.filter(held.contains)
    #expect(
      names == (23...25).map { "Walk/v_Walk_g\($0)_c01.avi" } + ["Run/b.avi"])
  }

  @Test func `a film of several classes is held out for each by itself`() {
    // "z" is the last group of one class and the first of four in the other.
    let ids =
      ["a", "b", "c", "z"].map { "Walk/\($0)_1.avi" }
      + ["z", "zz", "zzz", "zzzz"].map { "Run/\($0)_1.avi" }
    let held = HeldOutGroups(ids: ids) { id in
      id.split(separator: "/").last?.split(separator: "_").first.map(String.init)
    }
    #expect(ids.filter(held.contains) == ["Walk/z_1.avi", "Run/zzzz_1.avi"])
  }

  @Test func `a head that is not there cannot be compared`() throws {
    let world = try SampleWorld(train: Self.train, test: Self.test)
    var configuration = world.configuration
    configuration.encoder.headHidden = 0
    #expect(throws: ModelError.self) {
      try Launch.simulated(ranks: 1, deadline: .seconds(60)) { [configuration, data = world.data] in
        let session = try EncoderSession(
          .untrained(seed: 1), configuration: configuration, lanes: 1, ranksOfMachine: 1,
          communicator: $0)
        var request = EvaluationRequest(data: data)
        request.retrievalProtocol = .slic
        return try RetrievalEvaluation(session, request).run()
      }
    }
  }
}
