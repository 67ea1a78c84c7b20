import Clustering
import Model
import Testing
import Video
import Worker

@testable import Coordinator

/// The constants of methods.md's publications and their released code, which nobody should tidy away.
@Suite("Presets of published methods") struct PublishedPresetTests {
  private func load(_ name: String) throws -> RunConfiguration {
    try RunConfiguration.load(name, presets: RunConfigurationTests.presets)
  }

  @Test("slic is SLIC's run of UCF101, without departures of the objective's defaults")
  func slic() throws {
    let slic = try load("slic")
    #expect(slic.objective.name == .triplet && slic.epochs == 600)
    var objective = RunConfiguration(startingFrom: .triplet).objective
    objective.pools = 2
    #expect(slic.objective == objective)
    #expect((slic.batch.videos, slic.batch.microbatches) == (32, 2))
    #expect((slic.video.frames, slic.video.stride, slic.video.size) == (16, 1, 128))
    #expect((slic.encoder.stemTime, slic.encoder.stemPool, slic.encoder.shortcut) == (7, false, .b))
    #expect((slic.encoder.headHidden, slic.encoder.headWidth) == (2048, 128))
    #expect((slic.labels.method, slic.labels.feature, slic.labels.shows) == (.finch, .head, [.rgb]))
    #expect((slic.labels.warmupEpochs, slic.labels.every, slic.labels.perCluster) == (0, 5, 1))
    #expect((slic.labels.finch.fine, slic.labels.finch.coarse) == (0, 0))
    #expect((slic.augmentation.residual, slic.augmentation.jitter) == (0.25, 0.8))
    #expect((slic.optimizer.learningRate, slic.optimizer.momentum) == (0.1, 0.5))
    #expect((slic.optimizer.weightDecay, slic.optimizer.schedule) == (0, .constant))
    #expect(try slic.viewRecipes().map(\.description) == ["start", "disjoint", "again"])
  }

  @Test("iic and cmc differ in the intra-negatives alone", arguments: ["iic", "cmc"])
  func banks(name: String) throws {
    let bank = try load(name)
    #expect(bank.objective.name.rawValue == name && bank.epochs == 240)
    #expect((bank.objective.bankNegatives, bank.objective.bankMomentum) == (1024, 0.5))
    #expect((bank.objective.temperature, bank.objective.unitQueries) == (0.07, false))
    #expect((bank.objective.keepShare, bank.objective.ownShare) == (1, 1))
    #expect((bank.encoder.depth, bank.encoder.headHidden, bank.encoder.stemPool) == (10, 0, false))
    #expect((bank.batch.videos, bank.augmentation.normalisation) == (16, .none))
    #expect(bank.optimizer.drops.map { ($0 * 240).rounded() } == [45, 90, 125, 160])
    #expect((bank.optimizer.dropFactor, bank.optimizer.learningRate) == (0.2, 0.01))
    // 112² of 128·171 pixels.
    #expect(abs(bank.augmentation.area[0] - 112 * 112 / (128 * 171)) < 1e-3)
    let views = try bank.viewRecipes().map(\.description)
    #expect(views == ["rgb", "same+residual"] + (name == "iic" ? ["same+repeat"] : []))
  }

  @Test("cmc-separate has two networks of half width, as on pictures")
  func separate() throws {
    let cmc = try load("cmc-separate")
    #expect((cmc.objective.name, cmc.objective.encoders) == (.cmc, .separate))
    #expect((cmc.objective.bankNegatives, cmc.objective.temperature) == (4096, 0.07))
    #expect((cmc.batch.videos, cmc.encoder.width, cmc.encoder.headWidth) == (128, 0.5, 128))
    #expect((cmc.optimizer.learningRate, cmc.optimizer.weightDecay) == (0.03, 1e-4))
    #expect(cmc.optimizer.drops.map { ($0 * 240).rounded() } == [120, 160, 200])
    #expect((cmc.augmentation.area, cmc.augmentation.flip) == ([0.2, 1], 0.5))
    #expect(try cmc.viewRecipes().map(\.description) == ["rgb", "same+residual"])
  }

  @Test("koreitem clusters once, maps of a network trained before")
  func koreitem() throws {
    let koreitem = try load("koreitem")
    #expect(koreitem.objective == RunConfiguration(startingFrom: .koreitem).objective)
    // Half of a batch's triplets are its hardest: 16 and 16.
    #expect((koreitem.batch.videos, koreitem.objective.margin) == (32, 0.5))
    #expect((koreitem.labels.warmupEpochs, koreitem.labels.every) == (0, 0))
    #expect((koreitem.labels.linkage, koreitem.labels.feature) == (.average, .map))
    #expect((koreitem.labels.fine, koreitem.labels.coarse) == (.height(0.45), .height(0.45)))
    #expect((koreitem.optimizer.name, koreitem.optimizer.learningRate) == (.adamw, 6e-4))
    #expect((koreitem.optimizer.weightDecay, koreitem.optimizer.schedule) == (0, .constant))
  }

  @Test("thesis clusters once, of a network trained before, and keeps the hard negatives")
  func thesis() throws {
    let thesis = try load("thesis")
    #expect((thesis.labels.warmupEpochs, thesis.labels.every) == (0, 0))
    #expect((thesis.labels.method, thesis.labels.linkage) == (.agglomerative, .average))
    #expect((thesis.labels.metric, thesis.labels.feature) == (.cosine, .pooled))
    #expect((thesis.objective.name, thesis.objective.prototypeWeight) == (.cluster, 0))
    #expect((thesis.objective.keepShare, thesis.objective.dropShare) == (0.05, 0.001))
    // SimCLR's changes at full strength, and its head.
    #expect((thesis.augmentation.area, thesis.augmentation.jitter) == ([0.08, 1], 0.8))
    #expect((thesis.augmentation.brightness, thesis.augmentation.hue) == (0.8, 0.2))
    #expect((thesis.encoder.headHidden, thesis.encoder.headWidth) == (512, 128))
    #expect(try thesis.viewRecipes().map(\.description) == ["rgb", "rgb"])
  }

  @Test("moco is the baseline of CoCLR")
  func moco() throws {
    let moco = try load("moco")
    #expect((moco.objective.name, moco.objective.queueLength) == (.moco, 2048))
    #expect((moco.video.frames, moco.video.size, moco.batch.videos) == (32, 128, 64))
    #expect((moco.optimizer.name, moco.optimizer.learningRate) == (.adam, 1e-3))
    #expect(moco.optimizer.weightDecay == 1e-5)
    #expect(moco.optimizer.drops.map { ($0 * 300).rounded() } == [250, 280])
    #expect((moco.optimizer.averageDecay, moco.objective.temperature) == (0.999, 0.07))
  }

  @Test("dsm has the queue of its scripts of UCF101")
  func dsm() throws {
    let dsm = try load("dsm")
    #expect((dsm.objective.name, dsm.objective.form) == (.dsm, .queue))
    #expect((dsm.objective.queueLength, dsm.objective.temperature) == (3569, 0.07))
    #expect((dsm.augmentation.rotation, dsm.augmentation.saturation) == (10, 0.25))
    #expect(dsm.optimizer.drops.map { ($0 * 240).rounded() } == [120, 160, 200])
    #expect((dsm.optimizer.learningRate, dsm.optimizer.averageDecay) == (0.003, 0.999))
    #expect(try dsm.viewRecipes().map(\.description) == ["warp", "again", "apart"])
  }

  @Test("simclr is the one of Kinetics, its rate scaled with the batch")
  func simclr() throws {
    let simclr = try load("simclr")
    #expect((simclr.objective.name, simclr.objective.temperature) == (.simclr, 0.1))
    #expect((simclr.optimizer.name, simclr.optimizer.weightDecay) == (.lars, 1e-6))
    #expect((simclr.optimizer.learningRate, simclr.optimizer.perVideos) == (1.2, 64))
    #expect((simclr.video.frames, simclr.video.stride, simclr.encoder.depth) == (8, 8, 50))
    let steps = 240_000 / simclr.batch.videos
    #expect(abs(simclr.optimizer.warmupSteps / steps - 35) <= 1)
  }
}
