import Foundation
internal import Tensors
internal import Worker

/// Pseudo labels from a table: what `kindreel cluster --labels` writes, or another program's clusters.
///
/// Tab-separated; the first line names the columns `id`, `fine` and `coarse`, or `id` and `label` for
/// one level. −1 is no label. Ids that the run does not train on are passed over, numbers are made anew.
enum LabelTable {
  /// The labels of samples, in their order; −1 for unreadable ones, which need no row.
  ///
  /// - Throws: `FileError`; `DatasetError` naming the line, the label or the first sample without a row.
  static func read(
    _ path: String, ids: [String], unreadable: Set<Int> = []
  ) throws -> PseudoLabels {
    let rows = try rows(of: path)
    let none = (fine: Int32(-1), coarse: Int32(-1))
    let found = try ids.enumerated().map { sample, id in
      if unreadable.contains(sample) { return none }
      guard let row = rows[Substring(id)] else { throw Self.error(path, "has no labels of \(id)") }
      return row
    }
    var above: [Int32: Int32] = [:]
    for row in found where row.fine >= 0 {
      let known = above.updateValue(row.coarse, forKey: row.fine) ?? row.coarse
      guard row.coarse >= 0, known == row.coarse else {
        throw Self.error(
          path,
          "has fine label \(row.fine) in the coarse labels \(known) and \(row.coarse); "
            + "a fine cluster lies in one coarse cluster")
      }
    }
    return PseudoLabels(fine: numbered(found.map(\.fine)), coarse: numbered(found.map(\.coarse)))
  }

  /// Every line's labels by id.
  private static func rows(of path: String) throws -> [Substring: (fine: Int32, coarse: Int32)] {
    let lines = try WholeFile.text(path).split(whereSeparator: \.isNewline)
    let names = lines.first?.split(separator: "\t").map(String.init) ?? []
    guard let id = names.firstIndex(of: "id"),
      let fine = names.firstIndex(of: "fine") ?? names.firstIndex(of: "label")
    else { throw error(path, "the first line must name the columns id and fine, or id and label") }
    let coarse = names.firstIndex(of: "coarse") ?? fine
    var rows: [Substring: (fine: Int32, coarse: Int32)] = [:]
    for (number, line) in lines.enumerated().dropFirst() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == names.count, let first = Int32(fields[fine]),
        let second = Int32(fields[coarse]), first >= -1, second >= -1
      else { throw error(path, "line \(number + 1) is no id with labels: \(line)") }
      guard rows.updateValue((first, second), forKey: fields[id]) == nil else {
        throw error(path, "line \(number + 1) repeats \(fields[id])")
      }
    }
    return rows
  }

  /// The same partition with numbers from 0, by first occurrence; −1 stays.
  private static func numbered(_ labels: [Int32]) -> [Int32] {
    var numbers: [Int32: Int32] = [:]
    return labels.map { label in
      if label < 0 { return -1 }
      let next = Int32(numbers.count)
      let number = numbers[label] ?? next
      numbers[label] = number
      return number
    }
  }

  private static func error(_ path: String, _ reason: String) -> DatasetError {
    DatasetError(description: "\(path): \(reason)", code: .badData)
  }
}

extension LabelSettings {
  /// Writes the hash of the table of labels beside its name.
  ///
  /// - Throws: `FileError`; `ConfigurationError` where another hash is there already.
  mutating func recordFileHash() throws {
    guard !file.isEmpty else { return }
    try WeightsFile.record(&fileHash, of: file, key: "labels.fileHash")
  }
}
