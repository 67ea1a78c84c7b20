import Clustering
import Foundation
import Model
import Testing
import Video

@testable import Coordinator

@Suite struct MethodSettingsTests {
  /// The presets of this repository.
  private static let presets = PresetLibrary(roots: [
    URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized.path
  ])

  private static func load(_ preset: String?, _ overrides: String...) throws -> RunConfiguration {
    try RunConfiguration.load(preset, overrides: overrides, presets: presets)
  }

  @Test(arguments: ObjectiveSettings.Name.allCases)
  func `A name brings its method's settings, and keeps the preset's network`(
    name: ObjectiveSettings.Name
  ) throws {
    let directory = try TemporaryDirectory()
    let (plain, chosen) = (
      try Self.load("actions"), try Self.load("actions", "objective.name=\(name.rawValue)")
    )
    var objective = RunConfiguration(startingFrom: name).objective
    // The preset's own setting, of the one objective that has it.
    objective.bothDirections = name == .cluster
    #expect(chosen.objective == objective)
    #expect(chosen.optimizer == RunConfiguration(startingFrom: name).optimizer)
    #expect(chosen.labels == RunConfiguration(startingFrom: name).labels)
    #expect(chosen.encoder == plain.encoder && chosen.video == plain.video)
    #expect(chosen.batch == plain.batch && chosen.epochs == plain.epochs)
    try chosen.write(to: directory.file("run.yaml"))
    #expect(try RunConfiguration.load(directory.file("run.yaml")) == chosen)
  }

  @Test(arguments: ObjectiveSettings.Name.allCases)
  func `Every method sees as many clips with the actions preset`(
    name: ObjectiveSettings.Name
  ) throws {
    let chosen = try Self.load("actions", "objective.name=\(name.rawValue)")
    let views = try chosen.objective.make().views.count
    let clips = chosen.steps(samples: 1440, views: views) * chosen.videosPerStep * views
    #expect(clips == 20 * 1440 * 2)
    // A video in both directions is two of the batch: as many steps, of as many clips.
    #expect(chosen.videosPerStep * (name == .cluster ? 2 : 1) == chosen.batch.videos)
    #expect(try Self.load(nil).steps(samples: 1440, views: 3) == 20 * 45)
  }

  @Test func `A microbatch of one video has one in both directions, too`() throws {
    let single = try Self.load(
      nil, "objective.bothDirections=true", "batch.videos=8", "batch.microbatches=8")
    #expect(single.videosPerMicrobatch == 1 && single.videosPerStep == 8)
    #expect(try single.trainingClips() == 4)
  }

  @Test func `An unknown name is refused with the list`() {
    let error = #expect(throws: ConfigurationError.self) {
      try Self.load("actions", "objective.name=simsiam")
    }
    let names = ObjectiveSettings.Name.allCases.map(\.rawValue).joined(separator: " or ")
    #expect(error?.description.contains("expected \(names), got 'simsiam'") == true)
  }

  @Test(arguments: ObjectiveSettings.Name.allCases)
  func `The views of a named objective do not bind another`(name: ObjectiveSettings.Name) throws {
    let own = try Self.load("slic", "objective.name=\(name.rawValue)")
    let views = try own.viewRecipes().map(\.description)
    #expect(views == (name == .triplet ? ["start", "disjoint", "again"] : try usual(name)))
    let asked = try Self.load("slic", "objective.name=dsm", "views=[rgb, again, apart]")
    #expect(try asked.viewRecipes().map(\.description) == ["rgb", "again", "apart"])
    // Who names none means any.
    let directory = try TemporaryDirectory()
    let path = try directory.file("any.yaml", holding: Data("views: [rgb, x2]\n".utf8))
    let any = try RunConfiguration.load(path, overrides: ["objective.name=simclr"])
    #expect(try any.viewRecipes().map(\.description) == ["rgb", "x2"])
  }

  /// The views that an objective names.
  private func usual(_ name: ObjectiveSettings.Name) throws -> [String] {
    try RunConfiguration(startingFrom: name).viewRecipes().map(\.description)
  }

  @Test func `What a file says for its own objective does not bind another`() throws {
    let directory = try TemporaryDirectory()
    let text = "epochs: 3\noptimizer:\n  learningRate: 0.7\nobjective:\n  temperature: 0.9\n"
    let path = try directory.file("mine.yaml", holding: Data(text.utf8))
    #expect(try RunConfiguration.load(path).optimizer.learningRate == 0.7)
    let other = try RunConfiguration.load(
      path, overrides: ["objective.name=moco", "optimizer.momentum=0.8"])
    #expect(other.epochs == 3 && other.objective.temperature == 0.07)
    #expect(other.optimizer.learningRate == 1e-3 && other.optimizer.momentum == 0.8)
  }

  @Test func `What methods say of labels goes before what a file says for another`() throws {
    let koreitem = try Self.load("ucf101", "objective.name=koreitem")
    #expect((koreitem.labels.every, koreitem.labels.perCluster) == (0, 1))
    #expect(koreitem.labels.fine == .count(2000) && koreitem.labels.shows == [.rgb])
    #expect(try Self.load("ucf101").labels.every == 5)
    #expect(try Self.load("ucf101", "objective.name=koreitem", "labels.every=3").labels.every == 3)
    // A file that names the method itself has its way, and so has one that names none.
    #expect(try Self.load("koreitem").labels.fine == .height(0.45))
    let directory = try TemporaryDirectory()
    let neutral = try directory.file("n.yaml", holding: Data("labels:\n  every: 7\n".utf8))
    let named = ["objective.name=koreitem"]
    #expect(try RunConfiguration.load(neutral, overrides: named).labels.every == 7)
    // What cluster shows for labels, which a run's own file says too, is nothing to triplets.
    try Self.load("actions").write(to: directory.file("run.yaml"))
    let triplet = try RunConfiguration.load(
      directory.file("run.yaml"), overrides: ["objective.name=triplet"])
    #expect(triplet.labels == RunConfiguration(startingFrom: .triplet).labels)
  }

  @Test func `A knob that the objective would ignore is refused`() throws {
    let error = #expect(throws: ConfigurationError.self) {
      try Self.load(nil, "objective.name=simclr", "objective.queueLength=9")
    }
    #expect(
      error?.description == "objective.queueLength: means nothing to simclr, which looks at "
        + "dropShare, hidesCoarse, keepShare, temperature")
    #expect(throws: Never.self) {
      try Self.load(nil, "objective.name=moco", "objective.queueLength=9")
    }
  }

  @Test func `A temperature is for several negatives at once`() throws {
    let triplet = ["objective.name=triplet", "objective.temperature=0.3"]
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: triplet)
    }
    #expect(error?.description.hasPrefix("objective.temperature: means nothing to triplet") == true)
    _ = try RunConfiguration.load(nil, overrides: triplet + ["objective.mining=several"])
  }

  @Test(arguments: ["labels", "evaluation"])
  func `What is embedded is made of pixels, each content once`(group: String) throws {
    #expect(try Self.load("actions").labels.shows == [.residual])
    for shows in ["[]", "[mv]", "[rgb, rgb]"] {
      #expect(throws: ConfigurationError.self) { try Self.load(nil, "\(group).shows=\(shows)") }
    }
    #expect(throws: Never.self) { try Self.load(nil, "\(group).shows=[residual, rgb]") }
  }

  @Test func `Keys and averages need a decay`() {
    for overrides in [
      ["objective.name=moco", "optimizer.averageDecay=0"], ["evaluation.weights=averaged"],
      ["labels.weights=averaged"],
    ] {
      let error = #expect(throws: ConfigurationError.self) {
        try RunConfiguration.load(nil, overrides: overrides)
      }
      #expect(error?.description.contains("optimizer.averageDecay") == true)
    }
  }
}
