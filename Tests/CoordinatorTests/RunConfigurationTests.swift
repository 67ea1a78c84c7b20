import Clustering
import Foundation
import Model
import Tensors
import Testing
import Video

@testable import Coordinator

@Suite struct RunConfigurationTests {
  /// The presets of this repository.
  static let presets = PresetLibrary(roots: [
    URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized.path
  ])

  @Test(arguments: presets.names)
  func `Every preset loads and survives being written`(name: String) throws {
    let directory = try TemporaryDirectory()
    let configuration = try RunConfiguration.load(name, presets: Self.presets)
    try configuration.write(to: directory.file("run.yaml"), header: ["a run", "two\nlines"])
    #expect(try RunConfiguration.load(directory.file("run.yaml")) == configuration)
    let text = try String(contentsOfFile: directory.file("run.yaml"), encoding: .utf8)
    #expect(text.hasPrefix("# a run\n# two\n# lines\nseed: 0\nepochs: "))
  }

  @Test func `The presets are all there is`() throws {
    #expect(
      Self.presets.names == [
        "actions", "cmc", "cmc-separate", "demo", "dsm", "hmdb51", "iic", "kinetics400", "koreitem",
        "moco", "simclr", "slic", "smoke", "thesis", "ucf101",
      ])
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load("dmeo", presets: Self.presets)
    }
    #expect(
      error?.description
        == "dmeo: is neither a file nor a preset; the presets are actions, cmc, cmc-separate, demo, "
        + "dsm, hmdb51, iic, kinetics400, koreitem, moco, simclr, slic, smoke, thesis, ucf101")
    #expect(error.map { $0.code } == .configuration)
  }

  @Test func `The smoke preset is as small as tests need`() throws {
    let smoke = try RunConfiguration.load(
      "smoke", overrides: ["seed=7", "epochs=1"], presets: Self.presets)
    #expect(smoke.seed == 7 && smoke.epochs == 1)
    #expect(smoke.video.size == 32 && smoke.video.frames == 4)
    #expect(smoke.batch.videos == 8 && smoke.batch.microbatches == 4)
    #expect(smoke.labels.fine == .count(6) && smoke.labels.coarse == .count(3))
  }

  @Test func `The actions preset is the reference's setting`() throws {
    let actions = try RunConfiguration.load(
      "actions", overrides: ["objective.name=simclr"], presets: Self.presets)
    #expect(actions.batch.videos == 32 && actions.epochs == 20)
    #expect(actions.video == VideoSettings())
    #expect(actions.augmentation == AugmentationSettings())
    #expect(actions.encoder == EncoderArchitecture())
  }

  @Test(arguments: [
    ("batch.videos=30", "batch.videos: must be a multiple of batch.microbatches, 4, is 30"),
    ("batch.microbatches=3", "batch.microbatches: must be a power of two, is 3"),
    ("epochs=0", "epochs: must lie in 1…1000000, is 0"),
    ("epochs=9223372036854775807", "epochs: must lie in 1…1000000, is 9223372036854775807"),
    ("labels.clips=9223372036854775807", "labels.clips: must lie in 1…1000"),
    ("encoder.headWidth=9223372036854775807", "encoder.headWidth: must lie in 1…65536"),
    ("memoryMegabytes=9223372036854775807", "memoryMegabytes: must lie in 1…1073741824"),
    ("deadlineSeconds=1e300", "deadlineSeconds: must be above 0 and at most 1e9"),
    ("encoder.depth=12", "encoder.depth: must be 10, 18, 34 or 50, is 12"),
    ("encoder.width=0.3", "encoder.width: must make 64 channels a multiple of 16, is 0.3"),
    ("encoder.width=1e30", "encoder.width: must make 64 channels a multiple of 16"),
    ("encoder.shortcut=C", "--set encoder.shortcut=C: encoder.shortcut: "),
    ("encoder.stemTime=5", "encoder.stemTime: must be 3 or 7, is 5"),
    ("video.size=0", "video.size: must be at least 1, is 0"),
    ("video.shortSide=20", "video.shortSide: must be at least video.size, 48, is 20"),
    ("video.badShare=2", "video.badShare: must lie in 0…1, is 2.0"),
    ("augmentation.area=[1]", "augmentation.area: must be two numbers above 0"),
    ("augmentation.aspect=[1e-38, 1]", "augmentation.aspect: must be at least 0.001"),
    ("video.manifestSeed=-1", "video.manifestSeed: must be at least 0, is -1"),
    ("encoder.headHidden=1000000000000", "encoder.headHidden: must lie in 0…65536"),
    ("labels.every=9223372036854775807", "labels.every: must be at most 1000000"),
    ("augmentation.area=[0.5, 2]", "augmentation.area: must not exceed 1"),
    ("augmentation.hue=0.6", "augmentation.hue: must lie in 0…0.5, is 0.6"),
    ("augmentation.deviation=[1, 1, 0]", "augmentation.deviation: must be three numbers above"),
    ("labels.fine=many", "labels.fine: 'many' is no cut; write height:H, count:K, quantile:Q, gap"),
    ("labels.coarse=count:900", "labels.coarse: must cut no lower than labels.fine, count:200"),
    ("labels.method=ward", "labels.method: expected agglomerative or finch or kmeans, got 'ward'"),
    (
      "labels.linkage=ward",
      "labels.linkage: ward linkage is not defined on cosine distance; average, single, complete are"
    ),
    (
      "labels.linkage=nearest",
      "labels.linkage: expected average or ward or single or complete or centroid or median"
    ),
    (
      "labels.linkage=centroid",
      "labels.linkage: centroid linkage is not defined on cosine distance; average, single, complete"
    ),
    ("labels.metric=manhattan", "labels.metric: expected cosine or euclidean, got 'manhattan'"),
    ("labels.largest=1", "labels.largest: must be 0, for no limit, or at least 2, is 1"),
    ("labels.singletons=drop", "labels.singletons: expected keep or join, got 'drop'"),
    ("labels.finch.fine=-1", "labels.finch.fine: must be at least 0, is -1"),
    ("labels.finch.fine=3", "labels.finch.coarse: must be no finer than labels.finch.fine, 3"),
    ("precision=fp16", "precision: expected fp32 or bf16, got 'fp16'"),
    ("evaluation.feature=tail", "evaluation.feature: expected pooled or head or map, got 'tail'"),
    ("deadlineSeconds=0", "deadlineSeconds: must be above 0 and at most 1e9, is 0.0"),
    ("checkpoint.keep=0", "checkpoint.keep: must be at least 1, is 0"),
  ])
  func `Values that make no sense are refused by name`(override: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: [override])
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    (["labels.method=kmeans", "labels.fine=quantile:0.5"], "labels.fine: must be count:K where"),
    (["labels.method=kmeans", "labels.coarse=gap"], "labels.coarse: must be count:K where"),
    (["labels.method=finch", "labels.largest=9"], "labels.largest: cuts a dendrogram, and labels"),
    (["labels.method=kmeans", "labels.singletons=join"], "labels.singletons: must be keep where"),
    (["labels.method=finch", "labels.linkage=single"], "labels.linkage: must be average where"),
    (["labels.method=kmeans", "labels.metric=euclidean"], "labels.metric: must be cosine where"),
    (["labels.source=bank", "labels.warmupEpochs=0"], "labels.warmupEpochs: must be at least 1"),
    (["labels.source=bank", "labels.clips=3"], "labels.clips: must be 1 where labels.source is"),
    (["labels.source=bank", "labels.feature=map"], "labels.feature: must be pooled or head"),
    (
      ["labels.source=bank", "labels.weights=averaged", "optimizer.averageDecay=0.9"],
      "labels.weights: must be current"
    ),
    (
      ["labels.source=bank", "labels.shows=[rgb,residual]"],
      "labels.shows: must be one of what the views show, residual or rgb, where labels.source is bank, "
        + "is [rgb, residual]"
    ),
    (
      [
        "labels.source=bank", "views=[residual,rgb]", "labels.shows=[rgb]",
        "augmentation.residual=0.5",
      ],
      "labels.shows: must be one of what the views show, residual, where"
    ),
    (
      ["labels.source=bank", "views=[rgb,same+reverse+residual]"],
      "labels.shows: must be one of what the views show, rgb, where"
    ),
    (["labels.fine=gap:20", "labels.coarse=gap:30"], "labels.coarse: must cut no lower than"),
    (["objective.pools=2"], "objective.pools: means nothing to cluster"),
    (["objective.name=triplet", "objective.pools=0"], "objective.pools is 0; it must be at least"),
    (
      ["objective.name=triplet", "objective.pools=5"],
      "objective.pools: must divide batch.videos, 32, into parts of two or more videos, is 5"
    ),
    (
      ["objective.name=triplet", "objective.pools=32"],
      "objective.pools: must divide batch.videos, 32, into parts of two or more videos, is 32"
    ),
  ])
  func `Settings that the labelling method would ignore are refused`(
    overrides: [String], message: String
  ) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: overrides)
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `Every labelling method can be chosen, and is written`() throws {
    for method in ["agglomerative", "finch", "kmeans"] {
      let chosen = try RunConfiguration.load(nil, overrides: ["labels.method=\(method)"])
      #expect(chosen.labels.method.rawValue == method)
      #expect(try chosen.yaml().contains("method: \(method)"))
    }
    let ward = try RunConfiguration.load(
      nil, overrides: ["labels.linkage=ward", "labels.metric=euclidean"])
    #expect(ward.labels.linkage == .ward && ward.labels.metric == .euclidean)
    #expect(try ward.yaml().contains("linkage: ward") && ward.yaml().contains("metric: euclidean"))
    let capped = try RunConfiguration.load(
      nil, overrides: ["labels.fine=gap:30", "labels.largest=50", "labels.singletons=join"])
    #expect(
      capped.labels.cut
        == TwoLevelCut(
          fine: .gap(atLeast: 30), coarse: .count(60), largest: 50, singletons: .join))
  }

  @Test func `A head that does not exist cannot be the feature`() {
    #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: ["encoder.headHidden=0", "labels.feature=head"])
    }
  }

  @Test func `A file comes before a preset, and bytes that are no text are refused`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file("x.yaml", holding: Data("epochs: 3\n".utf8))
    #expect(try RunConfiguration.load(path).epochs == 3)
    let bytes = try directory.file("y.yaml", holding: Data([0xff, 0xfe, 0x00, 0xd8]))
    #expect(throws: FileError.self) { try RunConfiguration.load(bytes) }
    #expect(throws: ConfigurationError.self) { try RunConfiguration.load(directory.path) }
  }
}
