import Testing

@testable import Coordinator

@Suite("Settings without effect") struct IdleSettingsTests {
  @Test(
    "are named with the reason, each once",
    arguments: [
      (
        ["objective.name=simclr", "labels.fine=count:90"],
        ["labels.fine has no effect: objective simclr has no labels here"]
      ),
      (
        ["labels.method=finch", "labels.coarse=count:7", "labels.finch.fine=1"],
        ["labels.coarse has no effect: labels.method is finch"]
      ),
      (
        ["labels.finch.fineCount=9", "labels.finch.coarseCount=3"],
        [
          "labels.finch.fineCount has no effect: labels.method is agglomerative",
          "labels.finch.coarseCount has no effect: labels.method is agglomerative",
        ]
      ),
      (
        ["labels.file=x.tsv", "labels.every=3", "labels.warmupEpochs=2"],
        ["labels.every has no effect: labels.file gives the labels"]
      ),
      (
        ["labels.file=x.tsv", "labels.linkage=ward", "labels.metric=euclidean"],
        [
          "labels.linkage has no effect: labels.file gives the labels",
          "labels.metric has no effect: labels.file gives the labels",
        ]
      ),
      (
        ["objective.prototypeWeight=0", "objective.bankMomentum=0.9"],
        ["objective.bankMomentum has no effect: objective.prototypeWeight is 0"]
      ),
      (
        ["objective.name=triplet", "objective.temporalWeight=0", "objective.temporalMargin=0.1"],
        ["objective.temporalMargin has no effect: objective.temporalWeight is 0"]
      ),
      (
        ["optimizer.drops=[0.5]", "optimizer.trust=0.1", "optimizer.nesterov=false"],
        [
          "optimizer.drops has no effect: optimizer.schedule is cosine",
          "optimizer.trust has no effect: optimizer.name is adamw",
          "optimizer.nesterov has no effect: optimizer.name is adamw",
        ]
      ),
      (
        [
          "objective.name=iic", "objective.intraNegative=shuffle",
          "views=[rgb,same+residual,same+repeat]",
        ], ["objective.intraNegative has no effect: views says what the views show"]
      ),
      (
        ["augmentation.motionVectors=0.5", "augmentation.residual=0.1"],
        [
          "augmentation.motionVectors has no effect: no view but the first shows colours",
          "augmentation.residual has no effect: no view but the first shows colours",
        ]
      ),
      (["objective.name=simclr", "augmentation.residual=0.5"], []),
      (
        ["augmentation.hue=0.2", "augmentation.jitter=0"],
        ["augmentation.hue has no effect: augmentation.jitter is 0"]
      ),
      (["objective.name=simclr", "objective.hidesCoarse=true", "labels.fine=count:90"], []),
      (["labels.fine=count:90", "optimizer.schedule=step", "optimizer.drops=[0.5]"], []),
    ])
  func named(overrides: [String], notes: [String]) throws {
    let configuration = try RunConfiguration.load(nil, overrides: overrides)
    #expect(configuration.idleNotes(on: overrides) == notes.map { "note: " + $0 })
  }

  @Test(
    "A pass of one clip is refused where the head has batch norm, which makes all outputs one",
    arguments: ["moco", "dsm", "cmc"])
  func singleClips(objective: String) throws {
    var overrides = ["objective.name=\(objective)", "batch.videos=8", "batch.microbatches=8"]
    if objective == "cmc" { overrides.append("objective.encoders=separate") }
    let error = #expect(throws: ConfigurationError.self) {
      try RunConfiguration.load(nil, overrides: overrides)
    }
    #expect(
      error?.description.hasPrefix(
        "batch.microbatches: must be at most 4 with objective \(objective), some of whose views are "
      ) == true, "\(error?.description ?? "")")
    for allowed in [["encoder.headHidden=0"], ["batch.microbatches=4"], ["objective.name=simclr"]] {
      _ = try RunConfiguration.load(
        nil, overrides: overrides.filter { !$0.contains("encoders") } + allowed)
    }
  }
}
