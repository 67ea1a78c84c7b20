import Collective
import Foundation
import Model
import Testing

@testable import Coordinator

/// Law 5: true classes and test videos exist for evaluation and reports alone.
@Suite(.serialized) struct LabelIsolationTests {
  @Test(.timeLimit(.minutes(10)), arguments: ObjectiveSettings.Name.allCases)
  func `other classes and no test videos change no bit of a training run`(
    objective: ObjectiveSettings.Name
  ) throws {
    // The order of ids is the same in both worlds, and every class is another one.
    let classes = ["Ape", "Bear", "Cat", "Dog", "Eel", "Fox", "Gnu", "Hen"]
    func ids(_ range: Range<Int>, perClass: Int) -> [String] {
      range.map { "\(classes[($0 % 100) / perClass])/\(100 + $0).mp4" }
    }
    let labelled = try SampleWorld(
      train: ids(0..<24, perClass: 6), test: ids(100..<106, perClass: 6))
    let relabelled = try SampleWorld(train: ids(0..<24, perClass: 5), test: [])
    let (one, other) = (try train(labelled, objective), try train(relabelled, objective))
    #expect(one.steps > 0)
    #expect(one.weights_hash == other.weights_hash)
    #expect(one.labels_hash == other.labels_hash)
    #expect(one.loss.bitPattern == other.loss.bitPattern)
  }

  private func train(
    _ world: SampleWorld, _ objective: ObjectiveSettings.Name
  ) throws -> RunSummary {
    let configuration = try RunConfiguration.load(
      SampleWorld.smoke.path, overrides: ["objective.name=\(objective.rawValue)"])
    let request = TrainingRequest(
      configuration: configuration, data: world.data, output: world.path("run"), lanes: 1,
      ranksOfMachine: 1)
    return try Launch.simulated(ranks: 1, deadline: .seconds(60)) { communicator in
      var run = try TrainingRun(request, communicator: communicator)
      return try run.run()
    }[0]
  }

  @Test func `only reports and evaluation name true classes or the test list`() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")
    let enumerator = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
    var naming: [String: Set<String>] = [:]
    var count = 0
    while let file = enumerator?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      count += 1
      let text = try String(contentsOf: file, encoding: .utf8)
      let name = String(file.path.dropFirst(sources.path.count + 1))
      for word in [
        "import Retrieval", "TrueLabels", "RetrievalTruth", "split: .test", "split: .all",
        "dataset(.test", "dataset(.all",
      ]
      where text.contains(word) {
        naming[word, default: []].insert(name)
      }
    }
    #expect(count > 100)
    func outside(_ word: String, _ allowed: [String]) -> [String] {
      (naming[word] ?? []).filter { name in !allowed.contains { name.hasPrefix($0) } }.sorted()
    }
    let evaluation = ["Retrieval/", "Coordinator/Retrieval/"]
    // It compares, writes a line into metrics.jsonl, and steers nothing.
    let report = "Coordinator/Training/LabelReport.swift"
    #expect(outside("import Retrieval", evaluation + [report, "kindreel/"]) == [])
    #expect(outside("TrueLabels", evaluation + [report]) == [])
    #expect(outside("RetrievalTruth", evaluation) == [])
    #expect(outside("split: .test", evaluation) == [])
    #expect(outside("split: .all", evaluation) == [])
    #expect(outside("dataset(.test", evaluation) == [])
    #expect(outside("dataset(.all", evaluation) == [])
  }
}
