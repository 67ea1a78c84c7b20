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
    /// Two views against memory banks, with intra-negatives: `BankContrast`.
    case iic
    /// The same without intra-negatives.
    case cmc
    /// Positives keep the motion, negatives keep the scene: `SceneMotion`.
    case dsm
    /// SLIC's triplets and temporal discrimination: `ClusterTriplets`.
    case triplet
    /// Half hard, half random triplets of one-shot clusters: `HalfHardTriplets`.
    case koreitem
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
  /// `cluster`: the weight of the loss against the centres of all clusters; 0 leaves it out.
  public var prototypeWeight = 1.0
  /// `cluster`: the temperature of that loss.
  public var prototypeTemperature = 0.1
  /// `cluster`: whether a video played backwards is another video, with clusters of its own; two more
  /// views.
  public var bothDirections = false
  /// Whether videos of the query's coarse cluster are no negatives; `cluster` and triplets always
  /// do so.
  public var hidesCoarse = false
  /// The margin by which negatives must be farther than positives, in 1 − cosine.
  public var margin = 0.2
  /// The probability that a positive shows the query's own video, and not one of its cluster.
  ///
  /// `iic` and `cmc` have both as positives; for them it is the share of the loss that the own video has,
  /// and 1 leaves clusters out.
  public var ownShare = 0.2
  /// `triplet`: which negative a pair meets.
  public var mining = ClusterTriplets.Mining.semihard
  /// `triplet`: the margin between two looks at one window, and another window.
  public var temporalMargin = 0.04
  /// `triplet`: the weight of that part of the loss.
  public var temporalWeight = 1.0
  /// `triplet`: the equal parts of a batch that form triplets each for itself, as the batches of several
  /// GPUs; 1 lets all videos of a batch meet.
  public var pools = 1
  /// `iic`: what the negatives of the own video show.
  public var intraNegative = BankContrast.IntraNegative.repeat
  /// `cmc`: whether both views have one encoder or one each; labels, evaluation and exports are the
  /// first one's.
  public var encoders = BankContrast.Encoders.shared
  /// `iic` and `cmc`: how many other samples' bank rows are negatives.
  public var bankNegatives = 1024
  /// `iic`, `cmc` and `cluster`'s prototypes: the share of a bank's row that an embedding leaves.
  public var bankMomentum = 0.5
  /// `iic` and `cmc`: whether queries are scaled to unit length, as bank rows are; IIC's released code
  /// leaves them as they are.
  public var unitQueries = true
  /// `dsm`: InfoNCE with momentum keys, or triplets.
  public var form = SceneMotion.Form.queue

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
        instanceWeight: instanceWeight, prototypeWeight: prototypeWeight,
        prototypeTemperature: prototypeTemperature, bankMomentum: bankMomentum,
        bothDirections: bothDirections)
    case .simclr:
      return SimCLR(
        temperature: temperature, keepShare: keepShare, dropShare: dropShare,
        hidesCoarse: hidesCoarse)
    case .moco:
      return MoCo(
        temperature: temperature, keepShare: keepShare, dropShare: dropShare,
        queueLength: queueLength,
        hidesCoarse: hidesCoarse)
    case .iic, .cmc:
      return BankContrast(
        intraNegative: name == .iic ? intraNegative : nil, temperature: temperature,
        keepShare: keepShare, dropShare: dropShare, bankNegatives: bankNegatives,
        bankMomentum: bankMomentum, unitQueries: unitQueries, ownShare: ownShare,
        hidesCoarse: hidesCoarse,
        encoders: name == .cmc ? encoders : .shared)
    case .dsm:
      return SceneMotion(
        form: form, temperature: temperature, keepShare: keepShare, dropShare: dropShare,
        queueLength: queueLength, margin: margin, hidesCoarse: hidesCoarse)
    case .triplet:
      return ClusterTriplets(
        mining: mining, margin: margin, temperature: temperature, keepShare: keepShare,
        dropShare: dropShare, ownShare: ownShare, temporalMargin: temporalMargin,
        temporalWeight: temporalWeight, pools: pools)
    case .koreitem:
      return HalfHardTriplets(
        margin: margin, keepShare: keepShare, dropShare: dropShare, ownShare: ownShare)
    }
  }
}
