// `unsafe` is sound here because the answer is read after the call that writes it.
internal import Collective
import Foundation

/// The folder of a fine-tuning's checkpoints, which rank 0 holds for one job while this object lives.
///
/// `Sendable`: used by rank 0's main thread alone, and never changed.
final class CheckpointFolder: Sendable {
  let store: CheckpointStore
  private let lock: RunLock

  private init(_ path: String, keep: Int, resuming: Bool) throws {
    func refusal(_ reason: String, _ code: ExitCode = .cannotWrite) -> RunDirectoryError {
      RunDirectoryError(path: path, reason: reason, code: code)
    }
    store = CheckpointStore(directory: path, keep: keep)
    let files = FileManager.default
    var isFolder: ObjCBool = false
    let isThere = unsafe files.fileExists(atPath: path, isDirectory: &isFolder)
    if isThere, !isFolder.boolValue {
      throw refusal("is a file, and no folder for checkpoints")
    }
    if resuming, !isThere {
      throw refusal("does not exist; leave --resume out to begin", .inputMissing)
    }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if [path, parent].contains(where: { RunDirectory.configuration(of: $0) != nil }) {
      throw refusal("belongs to a run; use another folder")
    }
    if !resuming, try !store.names.isEmpty {
      throw refusal("holds checkpoints; use --resume or another folder")
    }
    do {
      try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw refusal("cannot be created: \(error.localizedDescription)")
    }
    lock = try RunLock(directory: path)
  }

  /// Opens the request's folder on rank 0, where it names one; every rank learns of a failure.
  static func open(
    _ request: FineTuningRequest, _ configuration: RunConfiguration, _ communicator: Communicator
  ) throws -> CheckpointFolder? {
    guard let path = request.checkpoints else { return nil }
    var folder: CheckpointFolder?
    _ = try communicator.decide(gathering: [UInt8]()) { _ in
      folder = try CheckpointFolder(
        path, keep: configuration.checkpoint.keep, resuming: request.resumes)
      return true
    }
    return folder
  }
}
