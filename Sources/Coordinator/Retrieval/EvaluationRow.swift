import Foundation
internal import Retrieval
internal import Tensors

/// One ranking of an evaluation, as a line of the report's table; the names are those of the template.
struct EvaluationRow {
  let file: String
  let `protocol`: String
  let queries: String
  let rows: String
  let ranking: String
  let cells: [String]

  /// The rankings in a file that `kindreel evaluate --json` wrote: the plain one, the same without gallery
  /// rows of the query's own footage where there are such, and each kind of post-processing.
  ///
  /// - Throws: `FileError`.
  static func all(in path: String) throws -> [EvaluationRow] {
    let data = Data(try WholeFile.bytes(path))
    guard let report = try? JSONDecoder().decode(EvaluationReport.self, from: data) else {
      throw FileError(path, "is not what kindreel evaluate --json prints", fault: .content)
    }
    let file = URL(fileURLWithPath: path).lastPathComponent
    func row(
      _ ranking: String, _ recall: [String: Double], interval: [Double]?, map: Double?
    ) -> EvaluationRow {
      let bounds = interval.map { " (\($0.map(percent).joined(separator: "–")))" } ?? ""
      return EvaluationRow(
        file: file, protocol: report.retrievalProtocol.rawValue,
        queries: "\(report.queries) \(report.split.rawValue)",
        rows: "\(report.clips) clips, \(report.feature), \(report.width)", ranking: ranking,
        cells: ["\(percent(recall["1"]))\(bounds)"]
          + ["5", "10", "20", "50"].map { percent(recall[$0]) } + [percent(map)])
    }
    func row(_ ranking: String, _ figures: RetrievalFigures) -> EvaluationRow {
      row(ranking, figures.recall, interval: figures.intervals["1"], map: figures.map)
    }
    let plain = report.figures
    let strangers =
      plain.queriesWithSiblings > 0
      ? [row("without siblings", plain.siblingAware, interval: nil, map: nil)] : []
    let processed = PostProcessing.allCases.compactMap { kind in
      report.post[kind.rawValue].map { row(kind.rawValue, $0) }
    }
    return [row("plain", plain)] + strangers + processed
  }

  private static func percent(_ value: Double?) -> String {
    value.map { String(format: "%.1f", $0) } ?? "–"
  }
}
