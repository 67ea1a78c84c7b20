import Foundation
internal import Tensors

/// How large the fine clusters of a run's newest labels are.
struct ClusterSizes {
  /// Clusters of about the same size.
  struct Row {
    let range: String
    let clusters: String
    let share: String
  }

  let rows: [Row]
  let note: String

  /// Reads the newest of a run's label files; nil where there is none.
  ///
  /// - Throws: `FileError`.
  init?(newestIn folder: String) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // By number: from epoch 10,000 on names have more digits.
    let tables = names.filter { $0.hasSuffix(".tsv") }
    guard let name = tables.max(by: { ($0.count, $0) < ($1.count, $1) }) else { return nil }
    let path = folder + "/" + name
    let text = try WholeFile.text(path)
    var (counts, unlabelled) = ([Substring: Int](), 0)
    for line in text.split(separator: "\n").dropFirst() {
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard columns.count == 3 else {
        throw FileError(path, "has a line without id, fine and coarse", fault: .content)
      }
      if columns[1] == "-1" { unlabelled += 1 } else { counts[columns[1], default: 0] += 1 }
    }
    let sizes = counts.values.sorted()
    let total = sizes.reduce(0, +)
    guard total > 0 else { return nil }
    note =
      "\(name): \(sizes.count) fine clusters of \(total) videos, the largest of \(sizes.last ?? 0), half "
      + "of them of \(sizes[sizes.count / 2]) or more"
      + (unlabelled > 0 ? "; \(unlabelled) videos have no label" : "")
    var (rows, least) = ([Row](), 1)
    while least <= sizes.last ?? 0 {
      let most = least * 2 - 1
      let members = sizes.filter { least...most ~= $0 }
      if !members.isEmpty {
        rows.append(
          Row(
            range: least == most ? "\(least)" : "\(least)–\(most)", clusters: "\(members.count)",
            share: String(format: "%.1f %%", 100 * Double(members.reduce(0, +)) / Double(total))))
      }
      least *= 2
    }
    self.rows = rows
  }
}
