import ArgumentParser
import Coordinator
import Foundation
import Model
import Tensors

/// The command `kindreel bench`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time the parts; with --json, one object with the figures and the machine.",
    discussion: """
      Every object has bench (the name), machine, isa, versions (kindreel's and the libraries') and \
      commit (of the checkout it runs in), beside what the bench's own help names. Times are objects of \
      median, min and max seconds over the repetitions.
      """,
    subcommands: [
      BenchTrainStep.self, BenchLayers.self, BenchCluster.self, BenchSearch.self,
      BenchDecode.self, BenchAugment.self,
    ])
}

/// How often a case runs, and how it is printed.
struct BenchOptions: ParsableArguments {
  @Option(help: "Timed repetitions; one more comes before, untimed.")
  var repetitions = 5

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if repetitions < 1 { throw ValidationError("--repetitions must be at least 1") }
  }

  /// Refuses numbers that nothing can be made of.
  static func requirePositive(_ values: [(name: String, value: Int)]) throws {
    for (name, value) in values where value < 1 {
      throw ValidationError("--\(name) is \(value); at least 1 is needed")
    }
  }

  /// Refuses rows of floats that this machine's memory does not hold.
  static func requireRoom(_ rows: Int, _ columns: Int) throws {
    let (floats, overflows) = rows.multipliedReportingOverflow(by: columns)
    let room = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard !overflows, floats <= room / 4 else {
      throw ValidationError("\(rows) × \(columns) floats do not fit in \(room >> 20) MiB of memory")
    }
  }

  /// Runs a body once for warmth, then times it.
  func time(_ body: () throws -> Void) rethrows -> Seconds {
    try time(preparing: {}, { _ in try body() })
  }

  /// Does the same with a body that takes something away, made anew each time and untimed.
  func time<Input>(
    preparing prepare: () throws -> Input, _ body: (consuming Input) throws -> Void
  ) rethrows -> Seconds {
    try body(try prepare())
    let clock = ContinuousClock()
    var all: [Double] = []
    for _ in 0..<repetitions {
      let input = try prepare()
      let start = clock.now
      try body(consume input)
      all.append((clock.now - start).inSeconds)
    }
    return Seconds(all)
  }

  /// Prints a case's figures.
  func report(_ name: String, _ figures: [String: BenchFigure]) throws {
    if json { return try printJSON(BenchReport(name: name, figures: figures)) }
    print("\(name)  (\(BenchReport.machine), \(Versions.text), commit \(BenchReport.commit))")
    for (key, value) in figures.sorted(by: { $0.key < $1.key }) { print("  \(key): \(value)") }
  }
}

/// The spread of repeated times, in seconds.
struct Seconds: Encodable {
  let median, min, max: Double

  init(_ all: [Double]) {
    let sorted = all.sorted()
    median = sorted[sorted.count / 2]
    min = sorted[0]
    max = sorted[sorted.count - 1]
  }
}

/// One figure of a case.
enum BenchFigure: Encodable, CustomStringConvertible {
  case number(Double)
  case integer(Int)
  case text(String)
  case seconds(Seconds)
  case rows([[String: BenchFigure]])

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .seconds(let value): try container.encode(value)
    case .rows(let value): try container.encode(value)
    }
  }

  var description: String {
    switch self {
    case .number(let value): String(format: "%.4g", value)
    case .integer(let value): "\(value)"
    case .text(let value): value
    case .seconds(let value):
      String(format: "%.4g s [%.4g %.4g]", value.median, value.min, value.max)
    case .rows(let rows):
      rows.map { row in
        let figures = row.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return "\n    " + figures.joined(separator: ", ")
      }.joined()
    }
  }
}

/// A case's figures beside the machine they were measured on.
struct BenchReport: Encodable {
  let name: String
  let figures: [String: BenchFigure]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for (key, value) in figures { try container.encode(value, forKey: Key(key)) }
    try container.encode(name, forKey: Key("bench"))
    try container.encode(Self.machine, forKey: Key("machine"))
    try container.encode(Machine.instructionSet, forKey: Key("isa"))
    try container.encode(Versions.text, forKey: Key("versions"))
    try container.encode(Self.commit, forKey: Key("commit"))
  }

  /// The CPU's name and the cores this process may use.
  static var machine: String {
    "\(Machine.processor), \(LanePool.cores) cores"
  }

  /// The commit of the checkout this program was built in.
  static var commit: String {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let git = folder.appendingPathComponent(".git")
      guard let head = try? String(contentsOf: git.appendingPathComponent("HEAD"), encoding: .utf8)
      else { continue }
      let text = head.trimmingCharacters(in: .whitespacesAndNewlines)
      guard text.hasPrefix("ref: ") else { return String(text.prefix(12)) }
      let reference = git.appendingPathComponent(String(text.dropFirst(5)))
      let commit = (try? String(contentsOf: reference, encoding: .utf8)) ?? "unknown"
      return String(commit.prefix(12))
    }
    return "unknown"
  }
}

extension Duration {
  /// The length in seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// The most memory this process has held, in bytes.
var peakMemory: Int {
  var usage = rusage()
  unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss * 1024
}

/// The memory this process holds that shows files, its program and libraries, in bytes; 0 where the
/// system does not say.
var fileMemory: Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("RssFile:") }
  let words = line?.split(whereSeparator: \.isWhitespace) ?? []
  return words.count > 1 ? (Int(words[1]) ?? 0) * 1024 : 0
}

/// The time that all threads of this process have computed, in seconds.
var processorTime: Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
