/// Which objective trains the encoder, and its knobs.
///
/// Each name has defaults of its own (`RunConfiguration+Methods.swift`), and refuses knobs that it
/// would ignore.
public struct ObjectiveSettings: Codable, Sendable, Equatable {
  /// The objectives.
  public enum Name: String, Codable, Sendable, CaseIterable {
    /// Pseudo-class positives, mined negatives: `ClusterContrast`.
    case cluster
    /// Instance discrimination within the batch: `SimCLR`.
    case simclr
    /// Instance discrimination against a queue of momentum keys: `MoCo`.
    case moco
  }

  /// What is learned.
  public var name = Name.cluster
  /// The temperature τ that divides similarities; smaller values punish close negatives more.
  public var temperature = 0.2
  /// The share of a query's admissible negatives that is kept, the hardest; 1 keeps all.
  ///
  /// Smaller shares want a large pool and positives that are closer than the hardest negatives; where
  /// they are not, shrinking all distances lowers the loss, and all rows become alike.
  public var keepShare = 0.5
  /// The share of the very hardest negatives that is dropped first; none below 500.
  public var dropShare = 0.001
  /// How many earlier embeddings serve as negatives; `cluster` can do with 0, the batch alone.
  ///
  /// Those of `cluster` are of the weights of their time, and what tells old from new is no help to
  /// tell videos apart: keep the queue shorter than the steps in which the weights change much.
  public var queueLength = 0
  /// `cluster`: the weight of an own-video positive where one of another video weighs 1.
  ///
  /// Own-video positives count fully for a query that has no others, whatever this says.
  public var instanceWeight = 1.0
  /// Whether videos of the query's coarse cluster are no negatives; `cluster` always does so.
  public var hidesCoarse = false

  /// Creates the default settings.
  public init() {}

  /// Makes the objective, with empty memory.
  ///
  /// - Throws: `ModelError` for a value out of its range.
  public func make() throws(ModelError) -> any Objective {
    try validate()
    switch name {
    case .cluster:
      return ClusterContrast(
        temperature: temperature, keepShare: keepShare, dropShare: dropShare,
        queueLength: queueLength,
        instanceWeight: instanceWeight)
    case .simclr:
      return SimCLR(
        temperature: temperature, keepShare: keepShare, dropShare: dropShare,
        hidesCoarse: hidesCoarse)
    case .moco:
      return MoCo(
        temperature: temperature, keepShare: keepShare, dropShare: dropShare,
        queueLength: queueLength,
        hidesCoarse: hidesCoarse)
    }
  }
}
