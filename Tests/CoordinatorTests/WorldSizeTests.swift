import Clustering
import Foundation
import Model
import Tensors
import Testing
import Video
import Worker

@testable import Coordinator

/// Law 1, on real clips: hashes of weights and labels, and bits of losses.
@Suite(.serialized) struct WorldSizeTests {
  @Test(.timeLimit(.minutes(10)))
  func `any number of ranks and lanes ends with the same bits`() throws {
    let world = try SmallWorld()
    let alone = try world.train("1x1", ranks: 1, lanes: 1)
    #expect(alone.epochs == 2)
    #expect(alone.loss.isFinite && alone.loss > 0)
    for (ranks, lanes) in [(1, 2), (1, 3), (2, 1), (4, 1)] {
      let other = try world.train("\(ranks)x\(lanes)", ranks: ranks, lanes: lanes)
      #expect(other.weights_hash == alone.weights_hash, "\(ranks) ranks × \(lanes) lanes")
      #expect(other.labels_hash == alone.labels_hash, "\(ranks) ranks × \(lanes) lanes")
      #expect(other.loss.bitPattern == alone.loss.bitPattern, "\(ranks) ranks × \(lanes) lanes")
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [LabellingMethod.finch, .kmeans])
  func `every labelling method ends with the same bits`(method: LabellingMethod) throws {
    let world = try SmallWorld()
    let alone = try world.train("1x1", ranks: 1, lanes: 1) { $0.labels.method = method }
    let agglomerative = try world.train("tree", ranks: 1, lanes: 2)
    #expect(alone.labels_hash != agglomerative.labels_hash)
    for (ranks, lanes) in [(1, 3), (2, 1)] {
      let other = try world.train("\(ranks)x\(lanes)", ranks: ranks, lanes: lanes) {
        $0.labels.method = method
      }
      #expect(other.weights_hash == alone.weights_hash, "\(ranks) ranks × \(lanes) lanes")
      #expect(other.labels_hash == alone.labels_hash, "\(ranks) ranks × \(lanes) lanes")
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: ObjectiveSettings.Name.allCases)
  func `every objective ends with the same bits on 1, 2 and 4 ranks, and after a stop`(
    name: ObjectiveSettings.Name
  ) throws {
    let world = try SmallWorld(objective: name)
    let alone = try world.train("1x1", ranks: 1, lanes: 1)
    #expect(alone.loss.isFinite && alone.loss > 0)
    for ranks in [2, 4] {
      let other = try world.train("\(ranks)x1", ranks: ranks, lanes: 1)
      #expect(other.weights_hash == alone.weights_hash, "\(ranks) ranks")
      #expect(other.loss.bitPattern == alone.loss.bitPattern, "\(ranks) ranks")
    }
    try world.train("stopped", ranks: 2, lanes: 1, stoppingAfter: 4)
    let resumed = try world.train("stopped", ranks: 1, lanes: 2, resumes: true)
    #expect(resumed.weights_hash == alone.weights_hash)
    #expect(resumed.loss.bitPattern == alone.loss.bitPattern)
  }

  @Test(.timeLimit(.minutes(10)))
  func `labels may come from the average, and change nothing but the labels' source`() throws {
    let world = try SmallWorld()
    let averaged = try world.train("1x1", ranks: 1, lanes: 1) {
      ($0.optimizer.averageDecay, $0.labels.weights) = (0.5, .averaged)
    }
    let other = try world.train("2x1", ranks: 2, lanes: 1) {
      ($0.optimizer.averageDecay, $0.labels.weights) = (0.5, .averaged)
    }
    #expect(other.weights_hash == averaged.weights_hash)
    #expect(other.labels_hash == averaged.labels_hash)
  }

  @Test(.timeLimit(.minutes(10)))
  func `two encoders learn side by side, with the same bits on any ranks, and after a stop`()
    throws
  {
    let world = try SmallWorld(objective: .cmc)
    func train(
      _ name: String, _ ranks: Int, _ lanes: Int, stop: Int? = nil, resumes: Bool = false
    ) throws -> RunSummary {
      try world.train(name, ranks: ranks, lanes: lanes, stoppingAfter: stop, resumes: resumes) {
        $0.objective.encoders = .separate
        $0.optimizer.gradientClip = 1
      }
    }
    let alone = try train("1x1", 1, 1)
    for (ranks, lanes) in [(1, 3), (2, 1), (4, 1)] {
      let other = try train("\(ranks)x\(lanes)", ranks, lanes)
      #expect(other.weights_hash == alone.weights_hash, "\(ranks) ranks × \(lanes) lanes")
      #expect(other.loss.bitPattern == alone.loss.bitPattern, "\(ranks) ranks × \(lanes) lanes")
    }
    try #require(train("stopped", 2, 1, stop: 4).stopped)
    let resumed = try train("stopped", 1, 2, resumes: true)
    #expect(resumed.weights_hash == alone.weights_hash)
    #expect(resumed.loss.bitPattern == alone.loss.bitPattern)
    #expect(try world.train("shared", ranks: 1, lanes: 2).weights_hash != alone.weights_hash)
  }

  @Test(.timeLimit(.minutes(10)), arguments: [ObjectiveSettings.Name.cluster, .iic])
  func `memory of both directions or of clusters keeps law 1, also after a stop`(
    name: ObjectiveSettings.Name
  ) throws {
    let world = try SmallWorld(objective: name)
    func train(
      _ run: String, _ ranks: Int, _ lanes: Int, stop: Int? = nil, resumes: Bool = false
    ) throws -> RunSummary {
      try world.train(run, ranks: ranks, lanes: lanes, stoppingAfter: stop, resumes: resumes) {
        if name == .cluster {
          ($0.objective.bothDirections, $0.objective.queueLength) = (true, 12)
        } else {
          $0.objective.ownShare = 0.5
        }
      }
    }
    let alone = try train("1x1", 1, 1)
    let other = try train("2x1", 2, 1)
    #expect(other.weights_hash == alone.weights_hash)
    #expect(other.labels_hash == alone.labels_hash)
    try #require(train("stopped", 2, 1, stop: 4).stopped)
    let resumed = try train("stopped", 1, 2, resumes: true)
    #expect(resumed.weights_hash == alone.weights_hash)
    #expect(resumed.loss.bitPattern == alone.loss.bitPattern)
    #expect(try world.train("usual", ranks: 1, lanes: 2).weights_hash != alone.weights_hash)
  }

  @Test(.timeLimit(.minutes(10)), arguments: [Feature.pooled, .head])
  func `labels may come from the bank, with the same bits on any ranks, and after a stop`(
    feature: Feature
  ) throws {
    let world = try SmallWorld()
    func train(_ name: String, _ ranks: Int, _ lanes: Int, stop: Int? = nil, resumes: Bool = false)
      throws -> RunSummary
    {
      try world.train(name, ranks: ranks, lanes: lanes, stoppingAfter: stop, resumes: resumes) {
        ($0.labels.source, $0.labels.feature) = (.bank, feature)
        $0.video.badShare = 0.2
      }
    }
    try world.damageOne()
    let alone = try train("1x1", 1, 1)
    for (ranks, lanes) in [(1, 3), (2, 1), (4, 1)] {
      let other = try train("\(ranks)x\(lanes)", ranks, lanes)
      #expect(other.weights_hash == alone.weights_hash, "\(ranks) ranks × \(lanes) lanes")
      #expect(other.labels_hash == alone.labels_hash, "\(ranks) ranks × \(lanes) lanes")
    }
    // Before the labels, and after them.
    for stop in [2, 4] {
      try #require(train("stopped \(stop)", 2, 1, stop: stop).stopped)
      let resumed = try train("stopped \(stop)", 1, 2, resumes: true)
      #expect(resumed.weights_hash == alone.weights_hash, "after \(stop) steps")
      #expect(resumed.labels_hash == alone.labels_hash, "after \(stop) steps")
    }
    let pass = try world.train("pass", ranks: 1, lanes: 2) { $0.video.badShare = 0.2 }
    #expect(pass.labels_hash != alone.labels_hash)
    // What moves is clustered by default; the rows of colours are others.
    let colours = try world.train("colours", ranks: 1, lanes: 2) {
      ($0.labels.source, $0.labels.feature, $0.labels.shows) = (.bank, feature, [.rgb])
      $0.video.badShare = 0.2
    }
    #expect(colours.labels_hash != alone.labels_hash)
  }

  @Test(.timeLimit(.minutes(10)))
  func `videos of several clips, joined by any linkage, end with the same bits`() throws {
    let world = try SmallWorld()
    func train(_ ranks: Int, _ lanes: Int, linkage: Linkage) throws -> RunSummary {
      try world.train("\(linkage) \(ranks)x\(lanes)", ranks: ranks, lanes: lanes) {
        $0.labels.clips = 3
        $0.labels.linkage = linkage
        $0.labels.metric = .euclidean
      }
    }
    for linkage in [Linkage.ward, .complete] {
      let alone = try train(1, 2, linkage: linkage)
      let four = try train(4, 1, linkage: linkage)
      #expect(four.weights_hash == alone.weights_hash, "\(linkage)")
      #expect(four.labels_hash == alone.labels_hash, "\(linkage)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `labels of colours and of motion end with the same bits, and so do given ones`() throws {
    let world = try SmallWorld()
    func train(_ name: String, ranks: Int, labels file: String = "") throws -> RunSummary {
      try world.train(name, ranks: ranks, lanes: 1) {
        $0.labels.shows = [.rgb, .residual]
        $0.labels.file = file
      }
    }
    let alone = try train("alone", ranks: 1)
    let four = try train("four", ranks: 4)
    #expect(four.weights_hash == alone.weights_hash)
    #expect(four.labels_hash == alone.labels_hash)
    let plain = try world.train("plain", ranks: 1, lanes: 1) { $0.labels.shows = [.rgb] }
    #expect(plain.weights_hash != alone.weights_hash)

    // The table of the only clustering, given back, makes the same run.
    let tables = world.folder.appendingPathComponent("alone/labels")
    let table = try #require(
      try FileManager.default.contentsOfDirectory(atPath: tables.path).sorted().last)
    let given = try train(
      "given", ranks: 2, labels: tables.appendingPathComponent(table).path)
    #expect(given.labels_hash == alone.labels_hash)
    #expect(given.weights_hash == alone.weights_hash)
    #expect(throws: (any Error).self) {
      try train("missing", ranks: 2, labels: "/nowhere/labels.tsv")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `recomputing activations changes no bit`() throws {
    let world = try SmallWorld()
    let kept = try world.train("kept", ranks: 1, lanes: 1)
    let recomputed = try world.train("recomputed", ranks: 1, lanes: 1) { $0.memoryMegabytes = 12 }
    #expect(recomputed.weights_hash == kept.weights_hash)
    #expect(throws: ModelError.self) {
      try world.train("refused", ranks: 1, lanes: 1) { $0.memoryMegabytes = 1 }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `an unreadable file is named, replaced the same way everywhere, and training goes on`()
    throws
  {
    let world = try SmallWorld()
    try world.damageOne()
    let alone = try world.train("alone", ranks: 1, lanes: 1) { $0.video.badShare = 0.2 }
    let four = try world.train("four", ranks: 4, lanes: 1) { $0.video.badShare = 0.2 }
    #expect(four.weights_hash == alone.weights_hash)
    #expect(throws: DatasetError.self) {
      try world.train("strict", ranks: 1, lanes: 1) { $0.video.badShare = 0.01 }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `training starts from the weights of a file, known by its hash`() throws {
    let world = try SmallWorld()
    let (first, second) = (
      world.folder.appendingPathComponent("first.safetensors").path,
      world.folder.appendingPathComponent("second.safetensors").path
    )
    var other = world.configuration
    other.encoder.headHidden = 0
    try WeightsSource.untrained(seed: 7).load(other).export(withHead: false).write(to: first)
    let plain = try world.train("plain", ranks: 1, lanes: 2)
    let alone = try world.train("alone", ranks: 1, lanes: 2) { $0.encoder.weights = first }
    #expect(alone.weights_hash != plain.weights_hash)
    let two = try world.train("two", ranks: 2, lanes: 1, stoppingAfter: 1) {
      $0.encoder.weights = first
    }
    #expect(two.stopped)
    // Another file is refused; the same one may lie elsewhere.
    try WeightsSource.untrained(seed: 8).load(other).export(withHead: false).write(to: second)
    #expect(throws: ConfigurationError.self) {
      try world.train("two", ranks: 1, lanes: 1, resumes: true) { $0.encoder.weights = second }
    }
    try FileManager.default.removeItem(atPath: second)
    try FileManager.default.copyItem(atPath: first, toPath: second)
    let resumed = try world.train("two", ranks: 1, lanes: 1, resumes: true) {
      $0.encoder.weights = second
    }
    #expect(resumed.weights_hash == alone.weights_hash)
    let written = try RunConfiguration.load(
      world.folder.appendingPathComponent("alone/run.yaml").path)
    #expect(written.encoder.weights == first)
    #expect(try written.encoder.weightsHash == WeightsFile.hash(of: first))
    try Data("changed".utf8).write(to: URL(fileURLWithPath: first))
    #expect(throws: ConfigurationError.self) {
      try world.train("changed", ranks: 1, lanes: 1) { $0.encoder = written.encoder }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `labels are made once, of imported weights, before anything is trained`() throws {
    let world = try SmallWorld()
    let weights = world.folder.appendingPathComponent("imported.safetensors").path
    let headless = try RunConfiguration.load(
      SampleWorld.smoke.path, overrides: ["encoder.headHidden=0"])
    try WeightsSource.untrained(seed: 7).load(headless).export(withHead: false).write(to: weights)
    func train(_ name: String, epochs: Int, every: Int, from file: String) throws -> RunSummary {
      try world.train(name, ranks: 2, lanes: 1) {
        ($0.epochs, $0.encoder.weights) = (epochs, file)
        ($0.labels.warmupEpochs, $0.labels.every) = (0, every)
      }
    }
    let once = try train("once", epochs: 1, every: 0, from: weights)
    let longer = try train("longer", epochs: 2, every: 0, from: weights)
    #expect(longer.labels_hash == once.labels_hash && longer.weights_hash != once.weights_hash)
    let iterative = try train("iterative", epochs: 2, every: 1, from: weights)
    #expect(iterative.labels_hash != once.labels_hash)
    let random = try train("random", epochs: 1, every: 0, from: "")
    #expect(random.labels_hash != once.labels_hash)
    // What was said of the one clustering is not said again of the epoch after it.
    let epochs = try world.findings(of: "longer").filter { $0["clusters"] != nil }
    #expect(epochs.count == 2 && epochs.allSatisfy { $0["label_churn"] == nil })
    let again = try world.findings(of: "iterative").filter { $0["clusters"] != nil }
    #expect(again.map { $0["label_churn"] == nil } == [true, false])
  }

  @Test(.timeLimit(.minutes(10)))
  func `static shards end with the same bits on any number of ranks`() throws {
    let world = try SmallWorld()
    let alone = try world.train("1x2", ranks: 1, lanes: 2) { $0.batch.shards = .static }
    let shuffled = try world.train("shuffled", ranks: 1, lanes: 2)
    #expect(alone.weights_hash != shuffled.weights_hash)
    for ranks in [2, 4] {
      let other = try world.train("\(ranks)x1", ranks: ranks, lanes: 1) {
        $0.batch.shards = .static
      }
      #expect(other.weights_hash == alone.weights_hash, "\(ranks) ranks")
      #expect(other.labels_hash == alone.labels_hash, "\(ranks) ranks")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `decoded videos on disk change no bit, and a later run decodes nothing`() throws {
    let world = try SmallWorld()
    let plain = try world.train("plain", ranks: 1, lanes: 1)
    let cache = world.folder.appendingPathComponent("node/cache").path
    for (ranks, lanes) in [(2, 1), (1, 2), (4, 1)] {
      let other = try world.train("\(ranks)x\(lanes)", ranks: ranks, lanes: lanes) {
        $0.video.diskCache = cache
      }
      #expect(other.weights_hash == plain.weights_hash, "\(ranks) ranks × \(lanes) lanes")
      #expect(other.loss.bitPattern == plain.loss.bitPattern, "\(ranks) ranks × \(lanes) lanes")
    }
    var configuration = world.configuration
    configuration.video.diskCache = cache
    let later = try Dataset(
      world.data.path, split: .train, configuration: configuration, byteLimit: 0)
    for sample in 0..<later.count { _ = try later.source.check(sample: sample) }
    #expect(later.source.frames.decodes == 0 && later.source.frames.found == later.count)
    // Where the cache lies is no part of what a run computes.
    try world.train("stopped", ranks: 1, lanes: 1, stoppingAfter: 1) {
      $0.video.diskCache = cache
    }
    let resumed = try world.train("stopped", ranks: 1, lanes: 1, resumes: true)
    #expect(resumed.weights_hash == plain.weights_hash)
  }

  @Test(.timeLimit(.minutes(10)))
  func `ranks that do not divide the microbatches are refused`() throws {
    let world = try SmallWorld()
    #expect(throws: (any Error).self) { try world.train("three", ranks: 3, lanes: 1) }
  }
}
