public import Clustering
public import Collective
public import Model
public import Tensors
public import Video

/// What a process tells its scheduler; the numbers are stable and never above 125.
///
/// Up to 78 they follow BSD's sysexits, where those say the same.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// All went well.
  case success = 0
  /// Something that nobody expected.
  case unexpected = 1
  /// The command line makes no sense.
  case usage = 64
  /// The data is bad: more files are unreadable than the run allows, or no checkpoint is whole.
  case badData = 65
  /// An input does not exist.
  case inputMissing = 66
  /// An invariant is broken, such as replicas that differ.
  case internalFault = 70
  /// The output, a checkpoint or the lock cannot be written.
  case cannotWrite = 73
  /// Reading or writing failed midway.
  case inputOutput = 74
  /// A checkpoint is saved; please start the job again with `--resume`.
  case requeue = 75
  /// The ranks disagree on the protocol, the version or the configuration.
  case mismatch = 76
  /// Permission is missing.
  case permission = 77
  /// A setting cannot be used.
  case configuration = 78
  /// A collective waited longer than its deadline.
  case deadline = 79
  /// Too many steps gave no finite numbers.
  case numeric = 80
}

/// An error that knows how the process should end, on all ranks.
public protocol RunError: ExitCoded {
  /// The code to leave with.
  var code: ExitCode { get }
}

extension RunError {
  /// The code's number.
  public var exitCode: Int32 { code.rawValue }
}

extension ConfigurationError: RunError {
  /// Always 78.
  public var code: ExitCode { .configuration }
}

extension FileError: RunError {
  /// 65 for what the file holds, 78 where there is no memory for it, 66 where it is missing, 73 where it cannot
  /// be written, 77 or 74.
  public var code: ExitCode {
    switch fault {
    case .content: .badData
    case .memory: .configuration
    case .missing: .inputMissing
    case .permission: .permission
    case .output: .cannotWrite
    case .operation: .inputOutput
    }
  }
}

extension VideoError: RunError {
  /// 65 for what is there, 66 where it is missing, 74 where the machine has no room for it, 77 where it is
  /// forbidden, 78 for a setting that does not suit it.
  public var code: ExitCode {
    switch fault {
    case .content: .badData
    case .missing: .inputMissing
    case .permission: .permission
    case .setting: .configuration
    case .machine: .inputOutput
    }
  }
}

extension ClusteringError: RunError {
  /// 65 for bad rows, 78 for a linkage that does not suit the metric or the memory.
  public var code: ExitCode {
    switch fault {
    case .zero, .notFinite, .tooLarge: .badData
    case .memory, .memoryOfRows, .unsuited: .configuration
    }
  }
}

extension ModelError: RunError {
  /// Always 78: the network or the weights do not fit what was asked for.
  public var code: ExitCode { .configuration }
}
