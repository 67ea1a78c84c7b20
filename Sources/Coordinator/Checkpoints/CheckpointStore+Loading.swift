import Foundation
import Tensors

/// A checkpoint that was loaded, and the newer ones that could not be.
public struct LoadedCheckpoint: Sendable {
  /// The checkpoint's directory.
  public let path: String
  /// What it holds.
  public let contents: CheckpointContents
  /// One sentence for each newer checkpoint that is damaged.
  public let skipped: [String]
}

extension CheckpointStore {
  /// Loads the newest checkpoint whose files are what its manifest says.
  ///
  /// - Returns: nil if there are no checkpoints at all.
  /// - Throws: `CheckpointError` (65) with every reason if there are some and none is whole.
  public func loadNewest() throws -> LoadedCheckpoint? {
    var skipped: [String] = []
    for name in try names {
      let path = directory + "/" + name
      do {
        return LoadedCheckpoint(path: path, contents: try load(path), skipped: skipped)
      } catch {
        skipped.append("\(name) \(error)")
      }
    }
    guard !skipped.isEmpty else { return nil }
    throw CheckpointError(
      directory, "no checkpoint is whole: " + skipped.joined(separator: "; "), code: .badData)
  }

  private func load(_ path: String) throws -> CheckpointContents {
    let manifest = try CheckpointManifest(reading: path)
    for file in manifest.files {
      guard !file.name.contains("/"), FileManager.default.fileExists(atPath: "\(path)/\(file.name)")
      else { throw CheckpointManifest.Fault("lacks \(file.name)") }
      let (sha256, size) = try ContentHash.ofFile("\(path)/\(file.name)")
      guard size == file.size else {
        throw CheckpointManifest.Fault(
          "has a torn \(file.name): \(size) bytes of \(file.size)")
      }
      guard sha256 == file.sha256 else {
        throw CheckpointManifest.Fault("has a damaged \(file.name): its hash differs")
      }
    }
    var tensors: [String: SafeTensors] = [:]
    var text: [String: String] = [:]
    let suffix = ".safetensors"
    for name in manifest.files.map(\.name) {
      if name.hasSuffix(suffix) {
        tensors[String(name.dropLast(suffix.count))] = try SafeTensors(reading: "\(path)/\(name)")
      } else {
        text[name] = try WholeFile.text("\(path)/\(name)")
      }
    }
    return CheckpointContents(
      tensors: tensors, epoch: manifest.progress["epoch"] ?? 0,
      step: manifest.progress["step"] ?? 0, progress: manifest.progress, text: text,
      configurationHash: manifest.configurationHash)
  }
}
