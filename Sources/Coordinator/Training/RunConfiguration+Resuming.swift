internal import Model
internal import Tensors
internal import Video

/// What may change between two starts of a run, and what a checkpoint's numbers depend on.
extension RunConfiguration {
  /// The file of a checkpoint with the hash of its samples' ids, in order.
  static let videosFile = "videos.sha256"

  /// The hash of all that a checkpoint's numbers depend on: settings, and the samples in order.
  func resumeHash(_ dataset: Dataset) throws -> String {
    ContentHash.of(try lasting.yaml() + Self.ids(of: dataset))
  }

  /// The hash of a dataset's ids, in order.
  static func videosHash(_ dataset: Dataset) -> String { ContentHash.of(ids(of: dataset)) }

  /// Looks whether a run with these settings and videos can go on from a checkpoint.
  ///
  /// Its settings are read again as this build reads them; those that are newer than it have their
  /// defaults.
  ///
  /// - Throws: `ConfigurationError` with the settings that differ, and their values.
  func check(_ checkpoint: LoadedCheckpoint, _ dataset: Dataset) throws {
    let contents = checkpoint.contents
    guard contents.configurationHash != (try resumeHash(dataset)) else { return }
    func refusal(_ reason: String) -> ConfigurationError {
      ConfigurationError(origin: checkpoint.path, "was made with \(reason)")
    }
    if let text = contents.text["run.yaml"] {
      let made = try Self.resolve(yaml: text, origin: checkpoint.path + "/run.yaml", overrides: [])
      let changes = try ConfigurationEncoder.tree(of: made.lasting).differences(
        from: ConfigurationEncoder.tree(of: lasting))
      guard changes.isEmpty else {
        let all = changes.prefix(8) + (changes.count > 8 ? ["and \(changes.count - 8) more"] : [])
        throw refusal(
          "other settings: \(all.joined(separator: "; ")); only epochs, checkpoint, evaluation, log, "
            + "memoryMegabytes, video.diskCache and deadlineSeconds may change")
      }
      if contents.text[Self.videosFile] == Self.videosHash(dataset) { return }
    }
    throw refusal(
      "another list of videos than these \(dataset.count)"
        + (contents.text[Self.videosFile] == nil ? ", or by a build that kept no hash of it" : ""))
  }

  /// These settings, with those at their defaults that may change.
  private var lasting: RunConfiguration {
    var same = self
    let defaults = RunConfiguration()
    same.epochs = defaults.epochs
    same.checkpoint = defaults.checkpoint
    same.evaluation = defaults.evaluation
    same.log = defaults.log
    same.memoryMegabytes = defaults.memoryMegabytes
    same.deadlineSeconds = defaults.deadlineSeconds
    same.video.diskCache = defaults.video.diskCache
    same.video.diskCacheMegabytes = defaults.video.diskCacheMegabytes
    // What the file held counts, and not where it lay.
    same.encoder.weights = defaults.encoder.weights
    same.labels.file = defaults.labels.file
    return same
  }

  private static func ids(of dataset: Dataset) -> String {
    dataset.manifest.samples.map(\.id).joined(separator: "\n")
  }
}
