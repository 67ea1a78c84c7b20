import ArgumentParser
import Coordinator
import Foundation
import Tensors
import Video

/// The command `kindreel shard`.
struct Shard: ParsableCommand, RunsAlone {
  static let configuration = CommandConfiguration(
    abstract:
      "Pack the videos of a data set into tar files, in the order in which a run reads them.",
    discussion: """
      Writes shard-00000.tar, shard-00001.tar … and manifest.tsv into a folder that is then a data \
      set: --data FOLDER. Videos are read where they lie in the tar files, by byte range, without \
      unpacking. Each list is packed in the order of a run's manifest (video.manifestSeed), so a rank's \
      share of an epoch's embedding is one stretch of few files, read from front to back; training \
      steps are shuffled anew each epoch. \
      Standard tar unpacks them. The last line is one JSON object:

        {"bytes":1048576,"manifest":"FOLDER/manifest.tsv","shards":2,"videos":240}

      Pack a scan's manifest to leave out what is quarantined and to keep what is known.
      """)

  @Option(help: "The data set: a manifest of kindreel scan, or any layout it knows.")
  var data: String

  @Option(help: "The folder to write; it is made if it is missing, and must hold no shards.")
  var out: String

  @Option(help: "The most MiB of video in a tar file.")
  var megabytes = 1024

  @Option(help: "The seed of the order: the run's video.manifestSeed.")
  var seed: UInt64 = 1

  @Option(help: "auto, ucf101, hmdb51, kinetics, folder, list, shards or manifest.")
  var layout = DatasetLayout.auto

  @Option(help: "Which of the official lists divides the videos, 1 to 3.")
  var list = 1

  func validate() throws {
    if data.isEmpty { throw ValidationError("the dataset's name is empty") }
    if !(1...1 << 30).contains(megabytes) {
      throw ValidationError("--megabytes is \(megabytes); it must lie in 1…\(1 << 30)")
    }
    if !(1...3).contains(list) { throw ValidationError("--list is \(list); 1, 2 and 3 are known") }
  }

  func run() throws {
    try reportingFailure {
      try refuseShards()
      let records = try Manifest.records(of: data, layout: layout, list: list, seed: seed)
      guard !records.isEmpty else {
        throw FileError(data, "has no video that is not quarantined", fault: .content)
      }
      do {
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
      } catch {
        throw UnwritableOutput(description: "\(out): the folder cannot be made")
      }
      let table = out + "/manifest.tsv"
      try OutputPath.check(table)
      let line = ProgressLine()
      let packed = try ShardWriter(folder: out, byteLimit: megabytes << 20).write(records) { done in
        line.update(
          "packing \(ProgressBar.text(Double(done) / Double(records.count))) \(done) of "
            + "\(records.count) videos")
      }
      line.clear()
      try AtomicFile.write(ManifestFile.data(packed, in: out), to: table)
      try printJSON(
        Report(
          bytes: packed.reduce(0) { $0 + ($1.size ?? 0) }, manifest: table,
          shards: Set(packed.map(\.path)).count, videos: packed.count))
    }
  }

  /// Refuses a folder with shards: a new set over an old one would mix the two.
  private func refuseShards() throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
    let old = names.sorted().first { $0.hasSuffix(".tar") || $0 == "manifest.tsv" }
    if let old {
      throw UnwritableOutput(
        description: "\(out): holds \(old), of an earlier or interrupted packing; name another "
          + "folder, or empty this one")
    }
  }

  private struct Report: Encodable {
    let bytes: Int
    let manifest: String
    let shards, videos: Int
  }
}
