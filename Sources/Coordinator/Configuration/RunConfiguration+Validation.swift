import Model
import Video
import Worker

extension RunConfiguration {
  /// Checks that the values make sense, each alone and together.
  ///
  /// - Throws: `ConfigurationError` with the key and the value.
  public func validate() throws(ConfigurationError) {
    try validateVideo()
    try validateAugmentation()
    try validateEncoder()
    try validateBatch()
    try labels.validate()
    if let problem = video.problem { throw ConfigurationError(origin: "video", problem) }
    if let problem = augmentation.problem {
      throw ConfigurationError(origin: "augmentation", problem)
    }
    try validateObjective()
    try Self.require(
      (1...1_000_000).contains(epochs), "epochs", "must lie in 1…1000000, is \(epochs)")
    try Self.require(
      (1...1 << 30).contains(memoryMegabytes), "memoryMegabytes",
      "must lie in 1…\(1 << 30), is \(memoryMegabytes)")
    for (key, clips) in [("labels.clips", labels.clips), ("evaluation.clips", evaluation.clips)] {
      try Self.require((1...1000).contains(clips), key, "must lie in 1…1000, is \(clips)")
    }
    for (group, shows) in [("labels", labels.shows), ("evaluation", evaluation.shows)] {
      try Self.require(
        !shows.isEmpty && Set(shows).count == shows.count && !shows.contains(.mv),
        "\(group).shows",
        "must list different contents that are made of pixels, is "
          + "[\(shows.map(\.rawValue).joined(separator: ", "))]")
      let changes: Set<ViewRecipe.Content> = [.residual, .difference]
      try Self.require(
        video.frames > 1 || changes.isDisjoint(with: shows), "\(group).shows",
        "cannot show what changes between frames where video.frames is 1")
    }
    for (group, weights) in [("labels", labels.weights), ("evaluation", evaluation.weights)] {
      try Self.require(
        weights == .current || optimizer.averageDecay > 0, "\(group).weights",
        "cannot be averaged: optimizer.averageDecay is 0, so no average is kept")
    }
    try Self.require(
      checkpoint.every >= 1, "checkpoint.every", "must be at least 1, is \(checkpoint.every)")
    try Self.require(
      checkpoint.keep >= 1, "checkpoint.keep", "must be at least 1, is \(checkpoint.keep)")
    try Self.require(
      deadlineSeconds > 0 && deadlineSeconds <= 1e9, "deadlineSeconds",
      "must be above 0 and at most 1e9, is \(deadlineSeconds)")
  }

  private func validateObjective() throws(ConfigurationError) {
    let made: any Objective
    do throws(ModelError) {
      made = try objective.make()
      try optimizer.validate()
    } catch {
      throw ConfigurationError(origin: "settings", error.reason)
    }
    let views = made.views
    _ = try viewRecipes()
    if made.usesLabels && labels.source == .bank { try validateBankViews(views) }
    try refuseIdleKnobs()
    try Self.require(
      optimizer.averageDecay > 0 || views.allSatisfy { $0.source != .momentum },
      "optimizer.averageDecay",
      "must be above 0, since objective \(objective.name.rawValue) embeds keys with the average")
    try Self.require(
      batch.videos.isMultiple(of: objective.pools) && batch.videos > objective.pools
        || objective.pools == 1,
      "objective.pools",
      "must divide batch.videos, \(batch.videos), into parts of two or more videos, is "
        + "\(objective.pools)")
    try validateHeadBatch(views)
  }

  /// Refuses passes of one clip where the head has batch norm, which makes all outputs one.
  private func validateHeadBatch(_ views: [View]) throws(ConfigurationError) {
    let clips = batch.videos / batch.microbatches
    for source in Set(views.map(\.source)) where encoder.headHidden > 0 {
      let embedded = views.count { $0.source == source }
      try Self.require(
        clips * embedded > 1, "batch.microbatches",
        "must be at most \(batch.videos / 2) with objective \(objective.name.rawValue), some of whose "
          + "views are embedded alone: batch norm of the head has no use for one clip; is "
          + "\(batch.microbatches) for \(batch.videos) videos")
    }
  }

  private func validateVideo() throws(ConfigurationError) {
    for (key, value) in [
      ("frames", video.frames), ("stride", video.stride), ("size", video.size),
      ("shortSide", video.shortSide), ("cacheMegabytes", video.cacheMegabytes),
    ] {
      try Self.require(value >= 1, "video.\(key)", "must be at least 1, is \(value)")
    }
    try Self.require(
      video.frames <= 1024, "video.frames", "must be at most 1024, is \(video.frames)")
    try Self.require(video.size <= 1024, "video.size", "must be at most 1024, is \(video.size)")
    try Self.require(
      video.shortSide >= video.size, "video.shortSide",
      "must be at least video.size, \(video.size), is \(video.shortSide)")
    try Self.require(
      video.manifestSeed >= 0, "video.manifestSeed", "must be at least 0, is \(video.manifestSeed)")
    try Self.require(
      (0...1).contains(video.badShare), "video.badShare", "must lie in 0…1, is \(video.badShare)")
  }

  private func validateAugmentation() throws(ConfigurationError) {
    let settings = augmentation
    for (key, value) in [
      ("flip", settings.flip), ("jitter", settings.jitter), ("grayscale", settings.grayscale),
      ("residual", settings.residual), ("motionVectors", settings.motionVectors),
      ("brightness", settings.brightness), ("contrast", settings.contrast),
      ("saturation", settings.saturation),
    ] {
      try Self.require(
        (0...1).contains(value), "augmentation.\(key)", "must lie in 0…1, is \(value)")
    }
    try Self.require(
      (0...0.5).contains(settings.hue), "augmentation.hue",
      "must lie in 0…0.5, is \(settings.hue)")
    try Self.require(
      settings.residual == 0 || video.frames >= 2, "augmentation.residual",
      "needs video.frames of 2 or more, is \(settings.residual) with \(video.frames)")
    try Self.require(
      settings.blur == 0 || settings.blurKernel < 2 * video.size, "augmentation.blurKernel",
      "must be less than twice video.size, \(video.size), is \(settings.blurKernel)")
    for (key, bounds) in [("area", settings.area), ("aspect", settings.aspect)] {
      try Self.require(
        bounds.count == 2 && bounds[0] > 0 && bounds[0] <= bounds[1], "augmentation.\(key)",
        "must be two numbers above 0, the smaller first, is \(bounds)")
    }
    try Self.require(
      settings.aspect[0] >= 0.001, "augmentation.aspect",
      "must be at least 0.001, is \(settings.aspect)")
    try Self.require(
      settings.area.allSatisfy { $0 <= 1 }, "augmentation.area",
      "must not exceed 1, is \(settings.area)")
    try Self.require(
      settings.mean.count == 3, "augmentation.mean",
      "must be three numbers, is \(settings.mean)")
    try Self.require(
      settings.deviation.count == 3 && settings.deviation.allSatisfy { $0 > 0 },
      "augmentation.deviation", "must be three numbers above 0, is \(settings.deviation)")
  }

  private func validateEncoder() throws(ConfigurationError) {
    try Self.require(
      [10, 18, 34, 50].contains(encoder.depth), "encoder.depth",
      "must be 10, 18, 34 or 50, is \(encoder.depth)")
    let channels = 64 * encoder.width
    try Self.require(
      channels >= 16 && channels <= 1024 && channels.truncatingRemainder(dividingBy: 16) == 0,
      "encoder.width", "must make 64 channels a multiple of 16, is \(encoder.width)")
    try Self.require(
      [3, 7].contains(encoder.stemTime), "encoder.stemTime",
      "must be 3 or 7, is \(encoder.stemTime)")
    try Self.require(
      (0...65_536).contains(encoder.headHidden), "encoder.headHidden",
      "must lie in 0…65536, is \(encoder.headHidden)")
    try Self.require(
      (1...65_536).contains(encoder.headWidth), "encoder.headWidth",
      "must lie in 1…65536, is \(encoder.headWidth)")
    try Self.require(
      encoder.weightsHash.isEmpty || !encoder.weights.isEmpty, "encoder.weightsHash",
      "is the hash of encoder.weights, which names no file")
    let heads = [("labels", labels.feature), ("evaluation", evaluation.feature)]
    for (group, feature) in heads where feature == .head {
      try Self.require(
        encoder.headHidden > 0, "\(group).feature",
        "cannot be 'head': encoder.headHidden is 0, so there is no head")
    }
  }

  private func validateBatch() throws(ConfigurationError) {
    let parts = batch.microbatches
    try Self.require(
      parts >= 1 && parts & (parts - 1) == 0, "batch.microbatches",
      "must be a power of two, is \(parts)")
    try Self.require(
      batch.videos >= 2, "batch.videos", "must be at least 2, is \(batch.videos)")
    try Self.require(
      batch.videos % parts == 0, "batch.videos",
      "must be a multiple of batch.microbatches, \(parts), is \(batch.videos)")
  }

  private static func require(
    _ condition: Bool, _ key: String, _ reason: String
  ) throws(ConfigurationError) {
    guard condition else { throw ConfigurationError(key: key, reason) }
  }
}
