import Coordinator
import Foundation
import Retrieval
import Video

/// An evaluation as people read it: one line a ranking, with the intervals below the plain one.
struct EvaluationTable {
  let text: String

  init(_ report: EvaluationReport) {
    let width = PostProcessing.allCases.map(\.rawValue.count).max() ?? 0
    let label = max(width, "without siblings".count)
    func line(_ name: String, _ cells: [String]) -> String {
      name.padding(toLength: label, withPad: " ", startingAt: 0)
        + cells.map { $0.leftPadded(to: 12) }.joined()
    }
    func figures(_ name: String, _ recall: [String: Double], _ map: Double?) -> String {
      let cells = RetrievalFigures.depths.map { percent(recall["\($0)"] ?? .nan) }
      return line(name, cells + (map.map { [percent($0)] } ?? []))
    }
    let plain = report.figures
    var lines = Self.heading(report)
    lines.append(line("", RetrievalFigures.depths.map { "R@\($0)" } + ["mAP"]))
    lines.append(figures("plain", plain.recall, plain.map))
    lines.append(
      line(
        "  95 %",
        RetrievalFigures.depths.map { range(plain.intervals["\($0)"] ?? []) }
          + [range(plain.mapInterval)]))
    if plain.queriesWithSiblings > 0 {
      lines.append(figures("without siblings", plain.siblingAware, nil))
    }
    for kind in PostProcessing.allCases {
      guard let figure = report.post[kind.rawValue] else { continue }
      lines.append(figures(kind.rawValue, figure.recall, figure.map))
    }
    if let probe = report.probe { lines.append(Self.line(probe)) }
    lines += Self.classes(plain.perClass)
    text = lines.joined(separator: "\n")
  }

  private static func heading(_ report: EvaluationReport) -> [String] {
    let queries = report.split == .heldOut ? "held-out training videos" : "test videos"
    var lines = [
      "protocol \(report.retrievalProtocol.rawValue): \(report.queries) \(queries), gallery "
        + "\(report.gallery), \(report.classes) classes; \(report.clips) clips, "
        + "\(report.feature) feature of \(report.shows.map(\.rawValue).joined(separator: " and ")), "
        + "\(report.width) wide"
    ]
    if report.unreadable + report.unreadableGallery > 0 {
      lines.append(
        "unreadable: \(report.unreadable) queries, which are missed, and "
          + "\(report.unreadableGallery) videos of the gallery")
    }
    return lines
  }

  private static func line(_ probe: ProbeFigures) -> String {
    "linear probe: accuracy \(percent(probe.accuracy)) (95 %: \(range(probe.interval))), among the "
      + "first five \(percent(probe.accuracy5)); l2 \(probe.l2)"
      + (probe.converged ? "" : "; NOT converged after \(probe.iterations) steps")
  }

  /// The five classes found least and most often.
  private static func classes(_ all: [String: RetrievalFigures.ClassFigures]) -> [String] {
    guard all.count > 1 else { return [] }
    let sorted = all.sorted { ($0.value.recall, $0.key) < ($1.value.recall, $1.key) }
    func names(_ part: some Sequence<(key: String, value: RetrievalFigures.ClassFigures)>) -> String
    {
      part.map { "\($0.key) \(percent($0.value.recall))" }.joined(separator: ", ")
    }
    let count = min(5, all.count / 2)
    return [
      "R@1 is lowest for \(names(sorted.prefix(count)))",
      "R@1 is highest for \(names(sorted.suffix(count).reversed()))",
    ]
  }
}

private func percent(_ value: Double) -> String { String(format: "%.1f", value) }

private func range(_ bounds: [Double]) -> String { bounds.map(percent).joined(separator: "–") }
