import Foundation
internal import Model
internal import Mustache
internal import Tensors

/// A run as one page of HTML that needs nothing else: curves, cluster sizes, evaluations, settings.
public struct RunReport {
  private let page: Page

  /// Reads a run directory, also while its run goes on.
  ///
  /// - Parameter evaluations: files that `kindreel evaluate --json` wrote.
  /// - Throws: `FileError`, `ConfigurationError`.
  public init(_ run: String, evaluations: [String]) throws {
    let configuration = try RunConfiguration.load(ofRun: run)
    let metrics = try MetricsFile(reading: run + "/metrics.jsonl")
    let name = URL(fileURLWithPath: run).standardizedFileURL.lastPathComponent
    let labels = try ClusterSizes(newestIn: run + "/labels")
    page = Page(
      title: "kindreel: \(name)",
      note: "\(configuration.objective.name.rawValue), seed \(configuration.seed); "
        + "\(metrics.lines.last?.epoch ?? 0) epochs so far of \(configuration.epochs) passes asked for",
      facts: Self.facts(run, metrics), charts: ReportCharts(metrics).figures,
      hasEvaluations: !evaluations.isEmpty,
      evaluations: try evaluations.flatMap(EvaluationRow.all),
      hasSizes: labels != nil, sizes: labels?.rows ?? [], sizesNote: labels?.note ?? "",
      settings: try ConfigurationEncoder.tree(of: configuration).leaves().map {
        Fact(name: $0.key, value: $0.value)
      })
  }

  /// The page.
  public func html() throws -> String {
    try MustacheTemplate(string: ReportTemplate.text).render(page)
  }

  /// Writes the page.
  ///
  /// - Throws: `FileError`.
  public func write(to path: String) throws {
    try AtomicFile.write(Data(html().utf8), to: path)
  }

  /// What the page shows; the names are those of the template.
  private struct Page {
    let title: String
    let note: String
    let facts: [Fact]
    let charts: [ReportCharts.Figure]
    let hasEvaluations: Bool
    let evaluations: [EvaluationRow]
    let hasSizes: Bool
    let sizes: [ClusterSizes.Row]
    let sizesNote: String
    let settings: [Fact]
  }

  private struct Fact {
    let name: String
    let value: String
  }

  private static func facts(_ run: String, _ metrics: MetricsFile) -> [Fact] {
    var facts: [Fact] = []
    // What RootFiles wrote above the settings: the program, and the data.
    let text = (try? String(contentsOfFile: run + "/run.yaml", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix("# ") {
      let words = line.dropFirst(2).split(separator: ":", maxSplits: 1)
      facts.append(
        words.count == 2
          ? Fact(name: String(words[0]), value: words[1].trimmingCharacters(in: .whitespaces))
          : Fact(name: "program", value: String(line.dropFirst(2))))
    }
    guard let last = metrics.lines.last else { return facts }
    facts.append(Fact(name: "steps", value: "\(last.step)"))
    let seconds = metrics.lines.reduce(0) { $0 + ($1.numbers["seconds"] ?? 0) }
    let labels = metrics.lines.reduce(0) { $0 + ($1.numbers["cluster_seconds"] ?? 0) }
    facts.append(
      Fact(
        name: "seconds", value: "\(short(seconds)) of training, \(short(labels)) of clustering"))
    for key in ["loss", "clusters", "nmi", "purity"] {
      if let value = last.numbers[key] { facts.append(Fact(name: key, value: short(value))) }
    }
    return facts
  }
}

extension ConfigurationTree {
  /// Every setting by its dotted key, as YAML writes its value.
  func leaves(_ prefix: String = "") -> [(key: String, value: String)] {
    guard case .map(let entries) = content else {
      return [(prefix, yaml.trimmingCharacters(in: .newlines))]
    }
    return entries.flatMap { $0.value.leaves(prefix.isEmpty ? $0.key : "\(prefix).\($0.key)") }
  }
}
