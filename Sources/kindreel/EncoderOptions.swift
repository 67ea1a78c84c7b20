public import ArgumentParser
import Collective
import Coordinator
public import Model
import Tensors

/// Which encoder a command loads.
struct EncoderOptions: ParsableArguments {
  @Option(help: "A run directory: its newest checkpoint and its configuration.")
  var run: String?

  @Option(help: "A file of weights (.pth, .pt, .safetensors): torchvision's, 3D-ResNets-PyTorch's.")
  var weights: String?

  @Option(help: "Initial weights of this seed, for comparison.")
  var untrained: UInt64?

  @Option(help: "A YAML file or a preset; with --run, the run's own is the default.")
  var config: String?

  @Option(help: "The network in place of the configuration's: \(NamedEncoder.list).")
  var encoder: NamedEncoder?

  @Option(
    help: "The beginning of tensors' names that --weights may lack or have besides; repeatable.")
  var partial: [String] = []

  func validate() throws {
    let given = [run != nil, weights != nil, untrained != nil].count { $0 }
    guard given == 1 else {
      throw ValidationError("name one encoder: --run RUN, --weights FILE or --untrained SEED")
    }
    if run != nil && encoder != nil {
      throw ValidationError("--encoder and --run exclude each other; a run has its own network")
    }
    if weights == nil && !partial.isEmpty {
      throw ValidationError("--partial is about --weights FILE, which is not given")
    }
  }

  /// How many seconds ranks wait for one another: as the configuration says, the run's where none is named.
  func deadline() throws -> Double {
    // A run that cannot be read is told of by who loads it, on one rank.
    let own = run.flatMap { try? RunConfiguration.load(ofRun: $0) }
    return (try named() ?? own ?? RunConfiguration()).deadlineSeconds
  }

  func source() throws -> WeightsSource {
    if let run { return .run(run) }
    if let weights { return .file(weights) }
    return .untrained(seed: untrained ?? 0)
  }

  /// The configuration that the user named, with the network and the omissions; nil for a run's own.
  func named() throws -> RunConfiguration? {
    guard config != nil || encoder != nil || !partial.isEmpty else { return nil }
    var configuration = try RunConfiguration.load(config)
    if let encoder { configuration.encoder = encoder.architecture }
    configuration.encoder.partial += partial
    return configuration
  }

  /// Says on standard error, once, what a foreign file gave and what it did not, or that a checkpoint is damaged.
  static func report(_ loaded: LoadedEncoder, _ communicator: Communicator) {
    guard communicator.rank == 0, let report = loaded.report else { return }
    StandardError.say("kindreel: \(report)")
  }
}

extension NamedEncoder: ExpressibleByArgument {
  /// All names, for help texts.
  static let list = allCases.map(\.rawValue).joined(separator: ", ")
}
