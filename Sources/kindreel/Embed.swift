public import ArgumentParser
import Collective
import Coordinator
import Foundation
import Tensors
public import Video
import Worker

/// The command `kindreel embed`.
struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Embed a folder of videos: float32 N×D as .npy, ids as .tsv beside it.",
    discussion: """
      Writes X.npy with one unit row a readable video, and X.ids.tsv with the columns row, id; \
      row i belongs to id i. Unreadable videos are named on standard error.
      """)

  @OptionGroup var encoder: EncoderOptions

  @Option(help: "The dataset: UCF101's layout, or a plain folder of videos.")
  var data: String

  @Option(help: "The .npy file to write.")
  var out: String

  @Option(help: "train, test or all.")
  var split = Manifest.Split.all

  @Option(help: "Evenly spaced clips a video; their unit rows are averaged.")
  var clips: Int?

  @Option(help: "pooled (the backbone's feature) or head (the projection).")
  var feature: Feature?

  @OptionGroup var world: WorldOptions

  func validate() throws {
    if let clips, clips < 1 { throw ValidationError("--clips is \(clips); at least 1 is needed") }
    guard out.hasSuffix(".npy") else {
      throw ValidationError("--out is '\(out)'; it must end in .npy")
    }
  }

  func run() throws {
    try reportingFailure {
      try OutputPath.check(out)
      let (source, named) = (try encoder.source(), try encoder.named())
      let (data, clips, feature, split, world) = (data, clips, feature, split, world)
      let result = try world.launch(deadline: named?.deadlineSeconds ?? 300) { communicator in
        let session = try EncoderSession(
          source, configuration: named, lanes: world.lanesOfRank,
          ranksOfMachine: world.ranksOfMachine, communicator: communicator)
        let settings = session.configuration.evaluation
        return try session.embed(
          data, split: split, clips: clips ?? settings.clips,
          feature: feature ?? settings.feature)
      }
      guard let (table, unreadable) = result else { return }
      for (id, reason) in unreadable.sorted(by: { $0.key < $1.key }) {
        FileHandle.standardError.write(Data("kindreel: \(id): \(reason)\n".utf8))
      }
      try Npy.write(table.rows, to: out)
      try IdList.write(table.ids, beside: out)
      print("\(table.ids.count) rows of \(table.rows.columns) in \(out)")
    }
  }
}

extension Manifest.Split: ExpressibleByArgument {}

/// The ids that belong to the rows of a `.npy` file.
enum IdList {
  static func path(beside npy: String) -> String { npy.dropLast(4) + ".ids.tsv" }

  static func write(_ ids: [String], beside npy: String) throws {
    let lines = ["row\tid"] + ids.enumerated().map { "\($0.offset)\t\(escaped($0.element))" }
    try AtomicFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: path(beside: npy))
  }

  /// The ids, or the row numbers where there is no list.
  static func read(beside npy: String, count: Int) throws -> [String] {
    let path = path(beside: npy)
    guard FileManager.default.fileExists(atPath: path) else { return (0..<count).map(String.init) }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let ids = text.split(separator: "\n").dropFirst().map { line in
      line.split(separator: "\t", maxSplits: 1).last.map(String.init) ?? ""
    }
    guard ids.count == count else {
      throw FileError(path, "has \(ids.count) ids for \(count) rows of \(npy)")
    }
    var seen: Set<String> = []
    for id in ids where !seen.insert(id).inserted {
      throw FileError(path, "has the id '\(id)' twice; ids key the rows of \(npy)")
    }
    return ids
  }

  /// Tabs, line ends and backslashes in a name, as in C.
  static func escaped(_ id: String) -> String {
    id.replacing("\\", with: "\\\\").replacing("\t", with: "\\t").replacing("\n", with: "\\n")
      .replacing("\r", with: "\\r")
  }
}
