// `unsafe` is sound here because the answer is read after the call that writes it.
import Foundation
import Tensors

/// The checkpoints of a run: directories that appear whole, of which the newest few are kept.
///
/// A checkpoint is written under a temporary name, its manifest last, everything flushed, and then
/// renamed; what a crash leaves behind is never taken for one.
public struct CheckpointStore: Sendable {
  /// The directory that holds the checkpoints.
  public let directory: String
  /// How many of the newest stay.
  public let keep: Int

  private static let partialPrefix = ".partial-"

  /// Opens a store; the directory is created with the first checkpoint.
  public init(directory: String, keep: Int) {
    precondition(keep >= 1, "a store that keeps \(keep) checkpoints is none")
    self.directory = directory
    self.keep = keep
  }

  /// The names of the directories that look like checkpoints, the newest first.
  ///
  /// - Throws: `CheckpointError` where the store is there and cannot be listed: nobody may take it for
  ///   empty.
  public var names: [String] {
    get throws {
      try entries.compactMap(Name.init).sorted { ($0.step, $0.epoch) > ($1.step, $1.epoch) }
        .map(\.text)
    }
  }

  private var entries: [String] {
    get throws {
      let files = FileManager.default
      var isFolder: ObjCBool = false
      guard unsafe files.fileExists(atPath: directory, isDirectory: &isFolder), isFolder.boolValue
      else { return [] }
      do {
        return try files.contentsOfDirectory(atPath: directory)
      } catch {
        let isForbidden = (error as? CocoaError)?.code == .fileReadNoPermission
        throw CheckpointError(
          directory,
          "cannot be listed: \(isForbidden ? "Permission denied" : error.localizedDescription)",
          code: isForbidden ? .permission : .inputOutput)
      }
    }
  }

  /// Writes a checkpoint, and removes what is older than the newest `keep`.
  ///
  /// - Returns: the checkpoint's name.
  /// - Throws: `CheckpointError`; the earlier checkpoints are then as they were.
  @discardableResult
  public func save(_ contents: CheckpointContents) throws -> String {
    let name = Name(epoch: contents.epoch, step: contents.step).text
    let partial = directory + "/" + Self.partialPrefix + name + "-" + UUID().uuidString.prefix(8)
    do {
      let files = FileManager.default
      try files.createDirectory(atPath: partial, withIntermediateDirectories: true)
      try write(contents, to: partial)
      try AtomicFile.synchronize(directory: partial)
      try publish(partial, as: directory + "/" + name)
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      let reason = (error as? FileError)?.description ?? error.localizedDescription
      throw CheckpointError(
        directory + "/" + name, "cannot be written: \(reason)", code: .cannotWrite)
    }
    removeOld(butFor: name)
    return name
  }

  private func write(_ contents: CheckpointContents, to partial: String) throws {
    for (name, tensors) in contents.tensors {
      try tensors.write(to: "\(partial)/\(name).safetensors")
    }
    for (name, text) in contents.text {
      try AtomicFile.write(Data(text.utf8), to: "\(partial)/\(name)")
    }
    let names = contents.tensors.keys.map { $0 + ".safetensors" } + contents.text.keys
    for name in names where name.contains("/") || name.hasPrefix(".") {
      preconditionFailure("'\(name)' is no name for a file of a checkpoint")
    }
    let files = try names.sorted().map { name in
      let (sha256, size) = try ContentHash.ofFile("\(partial)/\(name)")
      return CheckpointManifest.File(name: name, size: size, sha256: sha256)
    }
    try CheckpointManifest(
      progress: contents.progress, configurationHash: contents.configurationHash, files: files
    ).write(to: partial)
  }

  /// Gives a finished directory its name; one that has it already makes room first.
  private func publish(_ partial: String, as path: String) throws {
    if FileManager.default.fileExists(atPath: path) {
      try FileManager.default.moveItem(
        atPath: path,
        toPath: directory + "/" + Self.partialPrefix + "replaced-" + UUID().uuidString)
    }
    try FileManager.default.moveItem(atPath: partial, toPath: path)
    try AtomicFile.synchronize(directory: directory)
  }

  private func removeOld(butFor saved: String) {
    guard let names = try? names, let all = try? entries else { return }
    let doomed =
      names.filter { $0 != saved }.dropFirst(keep - 1)
      + all.filter { $0.hasPrefix(Self.partialPrefix) }
    // What cannot be removed costs room and nothing else.
    for name in doomed { try? FileManager.default.removeItem(atPath: directory + "/" + name) }
  }
}

extension CheckpointStore {
  /// A directory's name, `epoch-0007-step-000123`.
  private struct Name {
    let epoch: Int
    let step: Int
    let text: String

    init(epoch: Int, step: Int) {
      self.epoch = epoch
      self.step = step
      text = "epoch-\(Self.padded(epoch, to: 4))-step-\(Self.padded(step, to: 6))"
    }

    init?(_ text: String) {
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 4, parts[0] == "epoch", parts[2] == "step", let epoch = Int(parts[1]),
        let step = Int(parts[3])
      else { return nil }
      self.epoch = epoch
      self.step = step
      self.text = text
    }

    private static func padded(_ number: Int, to digits: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
  }
}
