internal import Collective
internal import Model
internal import Tensors

extension CheckpointStore {
  /// The newest checkpoint that is whole, or nil; every rank reads it for itself.
  ///
  /// - Throws: `AgreementError` where ranks find different ones.
  func newest(_ communicator: Communicator) throws -> LoadedCheckpoint? {
    let newest = try loadNewest()
    // They may not share a file system.
    let mine = newest.map {
      ContentHash.of("\($0.contents.step) " + ($0.contents.text[SavedKernels.fileName] ?? ""))
    }
    let differing = try communicator.allEqual(
      hash: mine.flatMap { UInt64($0.prefix(16), radix: 16) } ?? 0)
    guard differing.isEmpty else {
      throw AgreementError(
        description: "ranks \(differing.map(\.rank)) find another newest checkpoint in "
          + "\(directory) than rank 0; it must lie where all ranks can read it")
    }
    return newest
  }
}

extension LoadedCheckpoint {
  /// The kernels that the checkpoint was made with.
  func kernels(for configuration: RunConfiguration, _ network: ResNet3D) throws -> KernelChoices {
    guard let choices = SavedKernels.choices(in: contents, for: configuration, network) else {
      throw ConfigurationError(
        origin: path, "lacks \(SavedKernels.fileName) with the kernels of this network")
    }
    return choices
  }
}
