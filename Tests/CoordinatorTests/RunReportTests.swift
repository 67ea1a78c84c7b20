import Foundation
import Tensors
import Testing

@testable import Coordinator

@Suite struct RunReportTests {
  private static let lines = (1...3).map { epoch in
    """
    {"epoch":\(epoch),"kind":"epoch","loss":\(4 - epoch),"nmi":0.\(epoch),"note":"a<b","odd":null,\
    "own_figure":\(epoch * 10),"schema_version":1,"step":\(epoch * 7),\
    "time":"2026-01-02T03:04:0\(epoch)Z","variance_spectrum":[0.5,0.25]}

    """
  }.joined()

  private static func run(in directory: TemporaryDirectory) throws -> String {
    let run = directory.file("a & b")
    let files = FileManager.default
    try files.createDirectory(atPath: run + "/labels", withIntermediateDirectories: true)
    try RunConfiguration().write(
      to: run + "/run.yaml", header: ["kindreel 9.9", "data: /videos/<all>"])
    try Data(lines.utf8).write(to: URL(fileURLWithPath: run + "/metrics.jsonl"))
    let labels = "id\tfine\tcoarse\n" + "a\t0\t0\nb\t0\t0\nc\t0\t0\nd\t1\t0\ne\t-1\t-1\n"
    try Data(labels.utf8).write(to: URL(fileURLWithPath: run + "/labels/epoch-0002.tsv"))
    try Data("old".utf8).write(to: URL(fileURLWithPath: run + "/labels/epoch-0001.tsv"))
    return run
  }

  @Test func `Lines are read by name, and a torn last one is left out`() throws {
    let directory = try TemporaryDirectory()
    let torn = try directory.file("m.jsonl", holding: Data((Self.lines + "{\"epoch\":4,").utf8))
    let metrics = try MetricsFile(reading: torn)
    #expect(metrics.lines.map(\.epoch) == [1, 2, 3] && metrics.lines.map(\.step) == [7, 14, 21])
    #expect(metrics.lines[1].numbers == ["loss": 2, "nmi": 0.2, "own_figure": 20])
    #expect(metrics.lines[1].lists == ["variance_spectrum": [0.5, 0.25]])
    #expect(metrics.lines[1].time == 1_767_323_042)
    #expect(
      metrics.lines[0].scalars.map(\.tag)
        == ["loss", "nmi", "own_figure", "variance_spectrum/01", "variance_spectrum/02"])
    let broken = try directory.file("n.jsonl", holding: Data("{\"epoch\":1}\n\(Self.lines)".utf8))
    let error = #expect(throws: FileError.self) { try MetricsFile(reading: broken) }
    #expect(error?.reason == "line 1 is no line of metrics of version 1")
    let missing = #expect(throws: FileError.self) {
      try MetricsFile(reading: directory.file("none"))
    }
    #expect(missing?.code == .inputMissing)
  }

  @Test func `A page has every figure, escaped words and no reference to elsewhere`() throws {
    let directory = try TemporaryDirectory()
    let run = try Self.run(in: directory)
    let report = directory.file("report.html")
    try RunReport(run, evaluations: []).write(to: report)
    let html = try String(contentsOfFile: report, encoding: .utf8)
    for words in [
      "<title>kindreel: a &amp; b</title>", "kindreel 9.9", "/videos/&lt;all&gt;", "own_figure",
      "Clusters beside classes", "Spectrum of variance", "<th>labels.fine</th><td>count:200</td>",
      "2 fine clusters of 4 videos, the largest of 3", "1 videos have no label",
      "<title>loss 2: 2</title>",
    ] { #expect(html.contains(words), "\(words)") }
    #expect(html.components(separatedBy: "<svg").count == 5)
    for words in ["http", "<script", "{{", "Evaluation", "NaN", "nan"] {
      #expect(!html.contains(words), "\(words)")
    }
  }

  @Test(arguments: [
    [1, 1.0.nextDown], [0.3, 0.3.nextUp, 0.3], [-1e300, -1e300], [0, Double.leastNonzeroMagnitude],
  ])
  func `Values that hardly differ have an axis`(values: [Double]) {
    let axis = Axis(values, isWhole: false)
    #expect(values.allSatisfy { (-0.01...1.01).contains(axis.share($0)) }, "\(axis)")
  }

  @Test func `Evaluations become lines, and other files are refused`() throws {
    let directory = try TemporaryDirectory()
    let run = try Self.run(in: directory)
    let figures = """
      {"classes":2,"clips":3,"feature":"pooled","gallery":9,"interval":[30,50],\
      "intervals":{"1":[30,50]},"map":17.25,"map_interval":[1,2],"per_class":{},"protocol":"kindreel",\
      "queries":5,"queries_with_siblings":0,"recall":{"1":40,"5":50,"10":60,"20":70,"50":80},\
      "recall_without_siblings":{},"split":"test","unreadable":0,"unreadable_gallery":0,"width":128}
      """
    let path = try directory.file("e.json", holding: Data(figures.utf8))
    let html = try RunReport(run, evaluations: [path]).html()
    #expect(
      html.contains("<td>e.json</td><td>kindreel</td>") && html.contains("3 clips, pooled, 128"))
    #expect(html.contains(">40.0 (30.0–50.0)<") && html.contains(">80.0<"))
    #expect(html.contains("<td>plain</td>") && !html.contains("without siblings"))
    #expect(throws: FileError.self) { try RunReport(run, evaluations: [run + "/run.yaml"]) }
    // Siblings and post-processing have lines of their own.
    let centred = """
      {"intervals":{"1":[31,51]},"map":18.5,"map_interval":[1,2],"per_class":{},"queries_with_siblings":0,\
      "recall":{"1":41},"recall_without_siblings":{}}
      """
    let more = figures.replacing("\"queries_with_siblings\":0", with: "\"queries_with_siblings\":3")
      .replacing("\"recall_without_siblings\":{}", with: "\"recall_without_siblings\":{\"1\":33}")
      .replacing("\"split\"", with: "\"post\":{\"centred\":\(centred)},\"split\"")
    let all = try EvaluationRow.all(in: directory.file("all.json", holding: Data(more.utf8)))
    #expect(all.map(\.ranking) == ["plain", "without siblings", "centred"])
    #expect(all.map { $0.cells[0] } == ["40.0 (30.0–50.0)", "33.0", "41.0 (31.0–51.0)"])
    #expect(all.map { $0.cells[5] } == ["17.2", "–", "18.5"])
  }

  @Test(arguments: [
    ([1.0, 2, 3], true, ["1", "2", "3"]),
    ([0.0, 1], false, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([5.0], false, ["5", "6"]),
    ([-0.02, 0.03], false, ["-0.02", "-0.01", "0.00", "0.01", "0.02", "0.03"]),
  ])
  func `Ticks are round numbers over all values`(values: [Double], isWhole: Bool, labels: [String])
  {
    let axis = Axis(values, isWhole: isWhole)
    #expect(axis.ticks.map(axis.label) == labels)
    #expect(values.allSatisfy { 0...1 ~= axis.share($0) })
  }
}
