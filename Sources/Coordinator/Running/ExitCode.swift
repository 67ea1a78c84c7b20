public import Tensors

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

  /// The code that an error asks for; `unexpected` if it asks for none.
  public static func of(_ error: any Error) -> ExitCode {
    (error as? any ExitCoded)?.exitCode ?? .unexpected
  }
}

/// An error that knows how the process should end.
public protocol ExitCoded: Error {
  /// The code to leave with.
  var exitCode: ExitCode { get }
}

extension ConfigurationError: ExitCoded {
  /// Always 78.
  public var exitCode: ExitCode { .configuration }
}

extension FileError: ExitCoded {
  /// Always 74; who knows better wraps the error.
  public var exitCode: ExitCode { .inputOutput }
}
