import Foundation
import Tensors
import Testing

@testable import Coordinator

@Suite struct RunLogTests {
  private func rows(_ path: String) throws -> [[String: Any]] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try #require(
        JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `Each line is one object with its place and time`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("metrics.jsonl")
    let log = try RunLog(path: path, resumingAfter: 0, epoch: 0) { Issue.record("\($0)") }
    log.append(
      "epoch", epoch: 1, step: 30,
      ["loss": 1.25, "clusters": 6, "note": "a\nb", "nmi": .number(.nan)])
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.hasPrefix(#"{"clusters":6,"epoch":1,"kind":"epoch","loss":1.25,"monotonic":"#))
    #expect(text.contains(#""nmi":null,"note":"a\nb","schema_version":1,"step":30,"time":"20"#))
    #expect(text.hasSuffix("Z\"}\n"))
    #expect(try rows(path).count == 1)
  }

  @Test func `Resuming drops later lines and a torn one`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("metrics.jsonl")
    do {
      let log = try RunLog(path: path, resumingAfter: 0, epoch: 0) { _ in }
      for epoch in 1...4 { log.append("epoch", epoch: epoch, step: epoch * 10, [:]) }
    }
    let torn = try Data(contentsOf: URL(fileURLWithPath: path)) + Data(#"{"step":1,"ep"#.utf8)
    try torn.write(to: URL(fileURLWithPath: path))
    let log = try RunLog(path: path, resumingAfter: 20, epoch: 2) { _ in }
    log.append("epoch", epoch: 3, step: 30, [:])
    #expect(try rows(path).map { $0["step"] as? Int } == [10, 20, 30])
    // An epoch that was cut short goes on: its line goes, though no step is taken back.
    _ = try RunLog(path: path, resumingAfter: 30, epoch: 2) { _ in }
    #expect(try rows(path).map { $0["step"] as? Int } == [10, 20])
    _ = try RunLog(path: path, resumingAfter: 0, epoch: 0) { _ in }
    #expect(try rows(path).isEmpty)
  }

  @Test func `A terminal's line is rewritten and elsewhere only epochs are shown`() {
    final class Screen { var text = "" }
    let screen = Screen()
    let live = ProgressLine(isTerminal: true) { screen.text += $0 }
    live.update("step 100")
    live.update("too soon")
    live.finish("epoch 1")
    #expect(screen.text == "\rstep 100\repoch 1 \n")
    screen.text = ""
    let plain = ProgressLine(isTerminal: false) { screen.text += $0 }
    plain.update("step 1")
    plain.finish("epoch 1")
    #expect(screen.text == "epoch 1\n")
    screen.text = ""
    let restless = ProgressLine(isTerminal: false, silence: .zero) { screen.text += $0 }
    restless.update("clustering: 900 clusters left")
    #expect(screen.text == "clustering: 900 clusters left\n")
  }

  @Test func `Exit codes are those that are documented`() {
    #expect(ConfigurationError("x").exitCode == 78)
    #expect(ExitCode.allCases.allSatisfy { (0...125).contains($0.rawValue) })
    #expect(ExitCode.requeue.rawValue == 75)
  }

  @Test func `A log that cannot be read is left as it is`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("metrics.jsonl")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    let error = #expect(throws: FileError.self) {
      _ = try RunLog(path: path, resumingAfter: 20, epoch: 2) { _ in }
    }
    #expect(error?.path == path)
    #expect(FileManager.default.fileExists(atPath: path))
  }
}
