// `unsafe` is sound here because the answer is read after the call that writes it.
import Foundation
import Tensors

/// A run directory that cannot be used, and why.
public struct RunDirectoryError: Error, Sendable, Equatable, CustomStringConvertible, RunError {
  /// The directory.
  public let path: String
  /// What is wrong.
  public let reason: String
  /// 73, or 66 where a run is missing.
  public let code: ExitCode

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}

/// The directory of one run, locked for one job while this object lives.
///
/// Its layout is a contract: `run.yaml`, `metrics.jsonl`, `checkpoints/`, `labels/`, `dendrograms/` and,
/// unless `log.tensorboard` is off, `tensorboard/`.
public final class RunDirectory: Sendable {
  /// The directory's path, as the user gave it.
  public let path: String
  private let lock: RunLock

  /// Creates or opens a run's directory, takes its lock, and proves that it can be written.
  ///
  /// - Parameter resuming: whether the directory must hold a run, rather than must not.
  /// - Throws: `RunDirectoryError`.
  public init(_ path: String, resuming: Bool) throws {
    self.path = path
    try Self.refuseStrayCheckpoints(in: path)
    if resuming {
      _ = try Self.configuration(toResume: path)
    } else if Self.configuration(of: path) != nil {
      throw RunDirectoryError(
        path: path, reason: "holds a run; use --resume or another --out", code: .cannotWrite)
    }
    let files = FileManager.default
    var isFolder: ObjCBool = true
    if unsafe files.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
      throw RunDirectoryError(
        path: path, reason: "is a file, and no folder for a run", code: .cannotWrite)
    }
    do {
      for folder in ["checkpoints", "labels", "dendrograms"] {
        try files.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
      }
      let probe = path + "/.probe"
      try AtomicFile.write(Data("probe\n".utf8), to: probe)
      try files.removeItem(atPath: probe)
    } catch {
      let reason = (error as? FileError)?.reason ?? error.localizedDescription
      throw RunDirectoryError(
        path: path, reason: "cannot be written: \(reason)", code: .cannotWrite)
    }
    lock = try RunLock(directory: path)
  }

  /// The resolved configuration.
  public var configuration: String { path + "/run.yaml" }
  /// The resolved configuration of the run that a directory holds; nil where it holds none.
  public static func configuration(of directory: String) -> String? {
    let path = directory + "/run.yaml"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
  /// The same of a run that is to go on.
  ///
  /// - Throws: `RunDirectoryError` where there is none.
  public static func configuration(toResume directory: String) throws -> String {
    try refuseStrayCheckpoints(in: directory)
    if let path = configuration(of: directory) { return path }
    throw RunDirectoryError(
      path: directory, reason: "holds no run to resume; leave --resume out", code: .inputMissing)
  }

  /// Checkpoints without a configuration are a run's that lost it.
  private static func refuseStrayCheckpoints(in directory: String) throws {
    let checkpoints = directory + "/checkpoints"
    let saved = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
    guard saved.isEmpty || configuration(of: directory) != nil else {
      throw RunDirectoryError(
        path: directory,
        reason: "holds checkpoints but no run.yaml; put that back, or use another --out",
        code: .cannotWrite)
    }
  }

  /// One JSON object a line.
  public var metrics: String { path + "/metrics.jsonl" }
  /// The directory of TensorBoard's events.
  public var tensorboard: String { path + "/tensorboard" }
  /// The directory of the checkpoints.
  public var checkpoints: String { path + "/checkpoints" }
  /// The pseudo labels of an epoch, counted from 1.
  public func labels(epoch: Int) -> String { "\(path)/labels/epoch-\(Self.padded(epoch)).tsv" }
  /// The linkage matrix of an epoch, counted from 1.
  public func dendrogram(epoch: Int) -> String {
    "\(path)/dendrograms/epoch-\(Self.padded(epoch)).npy"
  }

  private static func padded(_ epoch: Int) -> String {
    let text = String(epoch)
    return String(repeating: "0", count: max(0, 4 - text.count)) + text
  }
}
