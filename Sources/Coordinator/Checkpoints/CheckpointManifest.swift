import Foundation
import Tensors

/// The list of a checkpoint's files, written last; without it a directory is no checkpoint.
struct CheckpointManifest: Codable, Equatable {
  static let fileName = "manifest.json"
  static let currentVersion = 1

  /// What a file must be.
  struct File: Codable, Equatable {
    let name: String
    let size: Int
    let sha256: String
  }

  var schemaVersion = Self.currentVersion
  let progress: [String: Int]
  let configurationHash: String
  let files: [File]

  private enum CodingKeys: String, CodingKey {
    case schemaVersion = "schema_version"
    case progress
    case configurationHash = "configuration_hash"
    case files
  }

  /// A manifest with the hash of its own text.
  private struct Sealed: Codable {
    let manifest: CheckpointManifest
    let sha256: String
  }

  /// Reads the manifest of a directory and checks its seal and its version.
  init(reading directory: String) throws {
    let path = directory + "/" + Self.fileName
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Fault("has no \(Self.fileName), so it was never finished")
    }
    guard let sealed = try? JSONDecoder().decode(Sealed.self, from: data) else {
      throw Fault("has a \(Self.fileName) that cannot be read")
    }
    guard sealed.manifest.schemaVersion <= Self.currentVersion else {
      throw Fault(
        "has schema version \(sealed.manifest.schemaVersion); this program knows "
          + "\(Self.currentVersion)")
    }
    guard try sealed.sha256 == sealed.manifest.seal() else {
      throw Fault("has a damaged \(Self.fileName): its hash differs")
    }
    self = sealed.manifest
  }

  init(progress: [String: Int], configurationHash: String, files: [File]) {
    self.progress = progress
    self.configurationHash = configurationHash
    self.files = files
  }

  func write(to directory: String) throws {
    let sealed = try Self.encoder.encode(Sealed(manifest: self, sha256: seal()))
    try AtomicFile.write(sealed, to: directory + "/" + Self.fileName)
  }

  private func seal() throws -> String {
    ContentHash.of(Array(try Self.encoder.encode(self)))
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return encoder
  }

  /// Why a directory is no good checkpoint.
  struct Fault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}
