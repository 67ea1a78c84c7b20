import Foundation
internal import Retrieval
internal import Tensors

/// One evaluation's line of a report.
struct EvaluationRow {
  let file: String
  let `protocol`: String
  let queries: String
  let rows: String
  let cells: [String]

  init(reading path: String) throws {
    let data = Data(try WholeFile.bytes(path))
    guard let report = try? JSONDecoder().decode(EvaluationReport.self, from: data) else {
      throw FileError(path, "is not what kindreel evaluate --json prints", fault: .content)
    }
    file = URL(fileURLWithPath: path).lastPathComponent
    `protocol` = report.retrievalProtocol.rawValue
    queries = "\(report.queries) \(report.split.rawValue)"
    rows = "\(report.clips) clips, \(report.feature), \(report.width)"
    func percent(_ value: Double?) -> String { value.map { String(format: "%.1f", $0) } ?? "–" }
    let recall = report.figures.recall
    let interval = (report.figures.intervals["1"] ?? []).map { percent($0) }
    cells =
      ["\(percent(recall["1"])) (\(interval.joined(separator: "–")))"]
      + ["5", "10", "20", "50"].map { percent(recall[$0]) } + [percent(report.figures.map)]
  }
}
