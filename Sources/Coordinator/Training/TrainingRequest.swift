/// What a user asks of a training run.
public struct TrainingRequest: Sendable {
  /// The resolved configuration.
  public var configuration: RunConfiguration
  /// The dataset's directory.
  public var data: String
  /// The run directory.
  public var output: String
  /// The lanes of each rank.
  public var lanes: Int
  /// The ranks that share this machine's memory.
  public var ranksOfMachine: Int
  /// Whether to go on from the newest checkpoint.
  public var resumes = false
  /// What to tell the user at the start of the run, beside what the run itself finds, a line each.
  public var notes: [String] = []

  /// Creates a request.
  public init(
    configuration: RunConfiguration, data: String, output: String, lanes: Int,
    ranksOfMachine: Int
  ) {
    self.configuration = configuration
    self.data = data
    self.output = output
    self.lanes = lanes
    self.ranksOfMachine = ranksOfMachine
  }
}

/// The last line of a run: equal hashes mean equal bits.
public struct RunSummary: Codable, Sendable, Equatable {
  /// The run directory.
  public var run: String
  /// The epochs that are done.
  public var epochs: Int
  /// The steps that are done.
  public var steps: Int
  /// SHA-256 of all weights and running statistics.
  public var weights_hash: String
  /// SHA-256 of the last fine and coarse labels.
  public var labels_hash: String
  /// The mean loss of the last epoch.
  public var loss: Double
  /// Whether the run was asked to stop before its end.
  public var stopped: Bool
}

/// Too many steps in a row without finite numbers.
public struct NumericError: Error, CustomStringConvertible, Sendable, RunError {
  /// The step and what was not finite.
  public let description: String
  /// 80.
  public var code: ExitCode { .numeric }
}

/// Replicas that should be equal and are not.
public struct ReplicaError: Error, CustomStringConvertible, Sendable, RunError {
  /// Which rank differs, and since when.
  public let description: String

  /// Says what differs.
  public init(description: String) { self.description = description }

  /// 70.
  public var code: ExitCode { .internalFault }
}
