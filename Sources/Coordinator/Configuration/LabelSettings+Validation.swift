import Clustering
import Worker

extension LabelSettings {
  /// Checks that the values make sense, each alone and together.
  ///
  /// - Throws: `ConfigurationError` with the key and the value.
  func validate() throws(ConfigurationError) {
    for (key, value, least) in [
      ("warmupEpochs", warmupEpochs, 0), ("every", every, 0),
      ("perCluster", perCluster, 1), ("finch.fine", finch.fine, 0),
    ] {
      try require(value >= least, key, "must be at least \(least), is \(value)")
      try require(value <= 1_000_000, key, "must be at most 1000000, is \(value)")
    }
    try require(
      finch.coarse >= finch.fine, "finch.coarse",
      "must be no finer than labels.finch.fine, \(finch.fine), is \(finch.coarse)")
    let counts = (finch.fineCount, finch.coarseCount)
    try require(
      counts == (0, 0) || 1 <= counts.1 && counts.1 <= counts.0, "finch.coarseCount",
      "must lie in 1…labels.finch.fineCount, or both be 0: \(counts.1) and \(counts.0)")
    try require(
      largest == 0 || largest >= 2, "largest",
      "must be 0, for no limit, or at least 2, is \(largest)")
    try require(
      !coarse.isBelow(fine), "coarse", "must cut no lower than labels.fine, \(fine), is \(coarse)")
    if source == .bank { try validateBank() }
    try require(
      source == .pass || file.isEmpty, "source",
      "must be pass where labels.file gives the labels, is \(source.rawValue)")
    try validateMethod()
  }

  /// Refuses what the bank cannot give: rows before any step, other outputs, clips or weights.
  private func validateBank() throws(ConfigurationError) {
    try require(
      warmupEpochs >= 1, "warmupEpochs",
      "must be at least 1 where labels.source is bank, which training fills, is \(warmupEpochs)")
    try require(
      clips == 1, "clips", "must be 1 where labels.source is bank, of one row a video, is \(clips)")
    try require(
      weights == .current, "weights",
      "must be current where labels.source is bank, is \(weights.rawValue)")
    try require(
      feature != .map, "feature", "must be pooled or head where labels.source is bank, is map")
  }

  /// Refuses settings that another method would ignore.
  private func validateMethod() throws(ConfigurationError) {
    guard method != .agglomerative else {
      guard let problem = linkage.problem(on: metric) else { return }
      throw ConfigurationError(key: "labels.linkage", problem)
    }
    try require(
      linkage == .average, "linkage",
      "must be average where labels.method is \(method.rawValue), is \(linkage.rawValue)")
    try require(
      metric == .cosine, "metric",
      "must be cosine where labels.method is \(method.rawValue), is \(metric.rawValue)")
    try require(
      largest == 0, "largest", "cuts a dendrogram, and labels.method is \(method.rawValue)")
    try require(
      singletons == .keep, "singletons",
      "must be keep where labels.method is \(method.rawValue), is \(singletons.rawValue)")
    guard method == .kmeans else { return }
    for (key, rule) in [("fine", fine), ("coarse", coarse)] {
      guard case .count = rule else {
        throw ConfigurationError(
          key: "labels.\(key)", "must be count:K where labels.method is kmeans, is \(rule)")
      }
    }
  }

  private func require(
    _ condition: Bool, _ key: String, _ reason: String
  ) throws(ConfigurationError) {
    guard condition else { throw ConfigurationError(key: "labels.\(key)", reason) }
  }
}
