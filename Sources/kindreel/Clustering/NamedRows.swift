import Clustering
import Collective
import Coordinator
import Foundation

/// Rows that cannot be clustered, by the file and the ids that a user knows.
struct NamedRows: Error, ExitCoded, CustomStringConvertible {
  let description: String
  let exitCode: Int32

  init(_ error: ClusteringError, of path: String, ids: [String]) {
    let words = error.description { row in
      ids[row] == String(row) ? "row \(row)" : "\(ids[row]) (row \(row))"
    }
    description = "\(path): \(words)"
    exitCode = error.exitCode
  }
}

/// The place of a file that will be written after a long computation.
enum OutputPath {
  /// Refuses early what would fail late.
  static func check(_ path: String) throws {
    guard path != "-" else {
      throw UnwritableOutput(description: "-: standard output is no file; name one")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw UnwritableOutput(description: "\(path): the folder \(folder) cannot be written")
    }
    let status = try? FileManager.default.attributesOfItem(atPath: resolved(path))
    guard status?[.type] as? FileAttributeType ?? .typeRegular == .typeRegular else {
      throw UnwritableOutput(
        description: "\(path): is not a regular file and cannot be replaced")
    }
  }

  /// Refuses a folder whose files are the program's own.
  static func refuse(_ path: String, in folder: String) throws {
    guard resolved(path).hasPrefix(resolved(folder) + "/") else { return }
    throw UnwritableOutput(description: "\(path): lies in \(folder), which only runs write to")
  }

  /// The one name of a file that has several.
  static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }
}

/// An output whose folder is missing or not ours to write.
struct UnwritableOutput: Error, ExitCoded, CustomStringConvertible {
  let description: String

  /// Cannot write.
  var exitCode: Int32 { ExitCode.cannotWrite.rawValue }
}
