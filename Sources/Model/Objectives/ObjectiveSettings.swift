/// Which objective trains the encoder, and its knobs.
public struct ObjectiveSettings: Codable, Sendable, Equatable {
  /// `cluster` (pseudo-class positives, mined negatives) or `simclr` (instance discrimination).
  public var name = "cluster"
  /// The temperature τ that divides cosine similarities; smaller values punish close negatives more.
  public var temperature = 0.2
  /// `cluster`: the share of a query's admissible negatives that is kept, the hardest; 1 keeps all.
  ///
  /// Smaller shares want a large pool and positives that are closer than the hardest negatives; where
  /// they are not, shrinking all distances lowers the loss, and all rows become alike.
  public var keepShare = 0.5
  /// `cluster`: the share of the very hardest negatives that is dropped first; none below 500.
  public var dropShare = 0.001
  /// `cluster`: how many earlier embeddings serve as further negatives; 0 uses the batch alone.
  ///
  /// They are of the weights of their time, and what tells old from new is no help to tell videos
  /// apart: keep the queue shorter than the steps in which the weights change much.
  public var queueLength = 0
  /// `cluster`: the weight of an own-video positive where one of another video weighs 1.
  ///
  /// Own-video positives count fully for a query that has no others, whatever this says.
  public var instanceWeight = 1.0

  /// The names that `make` knows.
  public static let names = ["cluster", "simclr"]

  /// Creates the default settings.
  public init() {}

  /// Makes the objective, with empty memory.
  ///
  /// - Throws: `ModelError` for an unknown name or a value out of its range.
  public func make() throws(ModelError) -> any Objective {
    try check(temperature > 0 && temperature.isFinite, "temperature", temperature, "above 0")
    switch name {
    case "simclr":
      return SimCLR(temperature: temperature)
    case "cluster":
      try check(keepShare > 0 && keepShare <= 1, "keepShare", keepShare, "above 0 and at most 1")
      try check(dropShare >= 0 && dropShare < 1, "dropShare", dropShare, "at least 0 and below 1")
      try check(queueLength >= 0, "queueLength", queueLength, "at least 0")
      try check(
        instanceWeight >= 0 && instanceWeight.isFinite, "instanceWeight", instanceWeight,
        "at least 0")
      return ClusterContrast(
        temperature: temperature, keepShare: keepShare, dropShare: dropShare,
        queueLength: queueLength, instanceWeight: instanceWeight)
    default:
      let known = Self.names.joined(separator: ", ")
      throw ModelError("there is no objective '\(name)'; known are: \(known)")
    }
  }

  private func check(
    _ holds: Bool, _ field: String, _ value: some CustomStringConvertible, _ range: String
  ) throws(ModelError) {
    if !holds { throw ModelError("objective.\(field) is \(value); it must be \(range)") }
  }
}
