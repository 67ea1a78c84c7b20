import Clustering
import Collective
import Coordinator
import Foundation

/// Rows that cannot be clustered, by the ids that a user knows.
struct NamedRows: Error, ExitCoded, CustomStringConvertible {
  let description: String

  /// Bad data.
  var exitCode: Int32 { ExitCode.badData.rawValue }

  init(_ error: ClusteringError, of path: String, ids: [String]) {
    let shown = error.rows.prefix(10).map { row in
      ids[row] == String(row) ? "row \(row)" : "\(ids[row]) (row \(row))"
    }
    let more = error.rows.count > 10 ? ", …" : ""
    description = "\(path): \(error.summary): \(shown.joined(separator: ", "))\(more)"
  }
}

/// The place of a file that will be written after a long computation.
enum OutputPath {
  /// Refuses early what would fail late.
  static func check(_ path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw UnwritableOutput(description: "\(path): the folder \(folder) cannot be written")
    }
  }
}

/// An output whose folder is missing or not ours to write.
struct UnwritableOutput: Error, ExitCoded, CustomStringConvertible {
  let description: String

  /// Cannot write.
  var exitCode: Int32 { ExitCode.cannotWrite.rawValue }
}
