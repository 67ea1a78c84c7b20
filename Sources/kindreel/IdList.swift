import Foundation
import Tensors

/// The ids that belong to the rows of a `.npy` file, as lines of row and id beside it.
enum IdList {
  /// `X.ids.tsv` for `X.npy`, and for a file of another name `X` as well.
  static func path(beside npy: String) -> String {
    (npy.hasSuffix(".npy") ? String(npy.dropLast(4)) : npy) + ".ids.tsv"
  }

  static func write(
    _ ids: [String], beside npy: String, ready: () throws -> Void
  ) throws {
    let lines = ["row\tid"] + ids.enumerated().map { "\($0.offset)\t\($0.element)" }
    try AtomicFile.write(
      Data((lines.joined(separator: "\n") + "\n").utf8), to: path(beside: npy), ready: ready)
  }

  /// The ids, or the row numbers where there is no list, as beside standard input.
  ///
  /// - Throws: `FileError`: other numbers of rows or another order than the rows', an id twice, or no
  ///   such table.
  static func read(beside npy: String, count: Int) throws(FileError) -> [String] {
    let path = path(beside: npy)
    guard npy != "-", FileManager.default.fileExists(atPath: path) else {
      return (0..<count).map(String.init)
    }
    return try read(try WholeFile.text(path), in: path, of: npy, count: count)
  }

  /// The ids of the rows of `npy`, from the text of a list at `path`.
  ///
  /// - Throws: as above.
  static func read(
    _ text: String, in path: String, of npy: String, count: Int
  ) throws(FileError) -> [String] {
    let lines = text.split { $0 == "\n" || $0 == "\r\n" }.dropFirst()
    guard lines.count == count else {
      throw FileError(path, "has \(lines.count) ids for \(count) rows of \(npy)")
    }
    var ids: [String] = []
    // Names that differ in Unicode form alone are different names.
    var seen: Set<[UInt8]> = []
    for (row, line) in lines.enumerated() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 2, fields[0] == String(row) else {
        throw FileError(
          path,
          "has '\(line)' where row \(row), a tab and its id are expected; rows must be in order")
      }
      let id = String(fields[1])
      guard seen.insert(Array(id.utf8)).inserted else {
        throw FileError(path, "has the id '\(id)' twice; ids key the rows of \(npy)")
      }
      ids.append(id)
    }
    return ids
  }
}
