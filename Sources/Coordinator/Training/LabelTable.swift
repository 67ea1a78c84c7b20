import Foundation
internal import Tensors
internal import Worker

/// Pseudo labels from a table: what `kindreel cluster --labels` writes, or another program's clusters.
///
/// Tab-separated; the first line names the columns `id`, `fine` and `coarse`, or `id` and `label` for
/// one level. −1 is no label. Ids that the run does not train on are passed over.
enum LabelTable {
  /// The labels of samples, in their order.
  ///
  /// - Throws: `FileError`; `DatasetError` naming the line, or the first sample without a row.
  static func read(_ path: String, ids: [String]) throws -> PseudoLabels {
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(filePath: path)) } catch {
      throw FileError(path, "cannot be read: \(error.localizedDescription)")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: true)
    func fail(_ reason: String) -> DatasetError {
      DatasetError(description: "\(path): \(reason)", code: .badData)
    }
    let names = lines.first?.split(separator: "\t").map(String.init) ?? []
    guard let id = names.firstIndex(of: "id"),
      let fine = names.firstIndex(of: "fine") ?? names.firstIndex(of: "label")
    else { throw fail("the first line must name the columns id and fine, or id and label") }
    let coarse = names.firstIndex(of: "coarse") ?? fine
    var rows: [Substring: (fine: Int32, coarse: Int32)] = [:]
    for (number, line) in lines.enumerated().dropFirst() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == names.count, let first = Int32(fields[fine]),
        let second = Int32(fields[coarse]), first >= -1, second >= -1
      else { throw fail("line \(number + 1) is no id with labels: \(line)") }
      guard rows.updateValue((first, second), forKey: fields[id]) == nil else {
        throw fail("line \(number + 1) repeats \(fields[id])")
      }
    }
    let found = try ids.map { name in
      guard let row = rows[Substring(name)] else { throw fail("has no labels of \(name)") }
      return row
    }
    return PseudoLabels(fine: found.map(\.fine), coarse: found.map(\.coarse))
  }
}
