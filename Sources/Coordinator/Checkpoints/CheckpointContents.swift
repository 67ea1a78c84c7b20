public import Tensors

/// All that a run needs to go on as if it had never stopped.
public struct CheckpointContents: Sendable, Equatable {
  /// Tensors by file name, without the extension: `weights` becomes `weights.safetensors`.
  public var tensors: [String: SafeTensors]
  /// Where the run stands; `epoch` and `step` count what is done, and more may be added.
  public var progress: [String: Int]
  /// Texts by file name, such as `run.yaml`.
  public var text: [String: String]
  /// The hash of the configuration, to be compared before resuming.
  public var configurationHash: String

  /// Collects contents.
  public init(
    tensors: [String: SafeTensors], epoch: Int, step: Int, progress: [String: Int] = [:],
    text: [String: String] = [:], configurationHash: String = ""
  ) {
    self.tensors = tensors
    self.progress = progress.merging(["epoch": epoch, "step": step]) { $1 }
    self.text = text
    self.configurationHash = configurationHash
  }

  /// The epochs that are done.
  public var epoch: Int { progress["epoch"] ?? 0 }
  /// The steps that are done, over all epochs.
  public var step: Int { progress["step"] ?? 0 }
}
