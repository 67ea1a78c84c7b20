public import ArgumentParser
import Collective
import Coordinator
import Foundation
import Synchronization
import Tensors
public import Video

/// The command `kindreel scan`.
struct ScanVideos: ParsableCommand, RunsAlone {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Decode every video of a data set once, and write down what there is.",
    discussion: """
      DATA is a folder or a file in any of these layouts, recognised by what is there, or named:

        ucf101    splits/ or ucfTrainTestlist/ with trainlist0N.txt, testlist0N.txt (--list N), also beside
                  a folder UCF-101
        hmdb51    CLASS_test_splitN.txt beside the videos or in a folder of their own (--list N)
        kinetics  CSV tables with label, youtube_id, time_start, time_end; files ID_START_END.mp4
        folder    any other folder; its subfolders are the classes
        list      a text file with a path a line
        shards    tar files with videos
        manifest  what this command writes

      Files count as videos by how their names end: avi, divx, mp4, m4v, mov, 3gp, 3g2, mkv, webm, mpg, \
      mpeg, vob, mts, m2ts, ts, flv, wmv, asf, ogv; a list may name any file.

      The manifest is a table with a tab between columns, and is taken wherever a folder is: --data \
      MANIFEST. Its columns are id, path, offset, size, modified, split, group, status, reason, \
      frames, rate, width, height, rotation, codec, key_frames, sha256, duplicate_of. Files that \
      cannot be decoded are quarantined with the reason and left out from then on; short ones (fewer \
      frames than --frames, or than they promise) play in a loop. Training does not decode a file to \
      check it if its manifest row still fits.

      A scan that was interrupted goes on where it was (MANIFEST.part), and one that is repeated \
      decodes what has changed, and what was short or bad. With --json:

        {"damaged":0,"duplicates":[["a.mp4","b.mp4"]],"files":4,"frames":400,"good":2,\
      "manifest":"M.tsv","quarantined":1,"quarantined_files":[{"id":"c.mp4","reason":"…"}],\
      "reused":0,"seconds":1.5,"short":1,"short_files":[{"id":"d.mp4","reason":"…"}]}

      Exit code 65 says that a larger share than --allow-bad is quarantined; the manifest is there.
      """)

  @Argument(help: "The data set.")
  var data: String

  @Option(help: "The manifest to write.")
  var out: String

  @Option(help: "auto, ucf101, hmdb51, kinetics, folder, list, shards or manifest.")
  var layout = DatasetLayout.auto

  @Option(help: "Which of the official lists divides the videos, 1 to 3.")
  var list = 1

  @Option(help: "Videos with fewer frames are called short.")
  var frames = 16

  @Option(help: "The share of quarantined files above which the exit code is 65.")
  var allowBad = 0.05

  @Option(help: "Files that are decoded at the same time; the default is the number of cores.")
  var lanes: Int?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if data.isEmpty { throw ValidationError("the dataset's name is empty") }
    if !(1...3).contains(list) { throw ValidationError("--list is \(list); 1, 2 and 3 are known") }
    if frames < 1 { throw ValidationError("--frames is \(frames); at least 1 is needed") }
    if !(0...1).contains(allowBad) {
      throw ValidationError("--allow-bad is \(allowBad); it must lie in 0…1")
    }
    try checkThreads("lanes", lanes)
  }

  func run() throws {
    try reportingFailure {
      try OutputPath.check(out)
      for path in [out, Self.part(of: out)] { try Self.refuseOther(path) }
      let report = try write()
      if json { try printJSON(report) } else { print(report.text) }
      if report.badShare > allowBad {
        throw TooManyBadFiles(
          description: "\(report.quarantined) of \(report.files) videos are quarantined, more than "
            + "the share \(allowBad) that --allow-bad allows")
      }
    }
  }

  /// What is known so far of a table.
  private static func part(of table: String) -> String { table + ".part" }

  /// Refuses to replace what no scan has written, or what cannot be read.
  private static func refuseOther(_ path: String) throws {
    let status = try? FileManager.default.attributesOfItem(atPath: OutputPath.resolved(path))
    guard let size = status?[.size] as? Int, size > 0, !ManifestFile.isManifest(path)
    else { return }
    throw UnwritableOutput(
      description: "\(path): is there already, and is no manifest that can be read")
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  private func write() throws -> ScanReport {
    let start = ContinuousClock.now
    // With absolute paths a file has one name, wherever the table lies and whoever names it.
    let (data, table) = (Self.absolute(data), Self.absolute(out))
    let part = Self.part(of: table)
    let known = ManifestFile.salvage(table) + ManifestFile.salvage(part)
    var scan = try Scan(of: data, layout: layout, list: list, clipFrames: frames, known: known)
    let reused = scan.knownCount
    let folder = URL(fileURLWithPath: table).deletingLastPathComponent().path
    let journal = try ScanJournal(
      path: part, folder: folder, known: scan.records.filter { $0.status != nil },
      all: scan.records.count)
    let pool = LanePool(count: lanes ?? LanePool.cores)
    try scan.run(lanes: pool) { try journal.add($0) }
    journal.clear()
    try AtomicFile.write(ManifestFile.data(scan.records, in: folder), to: table)
    try? FileManager.default.removeItem(atPath: part)
    return ScanReport(
      scan.records, manifest: out, reused: reused, seconds: (ContinuousClock.now - start).inSeconds)
  }
}

extension DatasetLayout: ExpressibleByArgument {}

/// A larger share of the videos is quarantined than the user allows.
private struct TooManyBadFiles: Error, ExitCoded, CustomStringConvertible {
  let description: String

  /// Bad data.
  var exitCode: Int32 { Coordinator.ExitCode.badData.rawValue }
}

/// What is known so far, line by line on the disk, and the bar on a terminal.
///
/// `@unchecked Sendable`: the scan hands in one file at a time.
private final class ScanJournal: @unchecked Sendable {
  private let line = ProgressLine()
  private let folder: String
  private let file: FileHandle
  private let path: String
  private let start = ContinuousClock.now
  private let before: Int
  private let all: Int
  private var done = 0
  private var bad = 0

  init(path: String, folder: String, known: [VideoRecord], all: Int) throws {
    self.path = path
    self.folder = folder
    self.all = all
    before = known.count
    try AtomicFile.write(ManifestFile.data(known, in: folder), to: path)
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw FileError(path, "cannot be written", fault: .output)
    }
    self.file = file
    try file.seekToEnd()
  }

  func add(_ record: VideoRecord) throws {
    done += 1
    if record.status == .quarantined { bad += 1 }
    do {
      try file.write(contentsOf: Data(ManifestFile.line(record, in: folder).utf8))
    } catch {
      throw FileError(path, "cannot be written: \(error.localizedDescription)", fault: .output)
    }
    line.update(text)
  }

  func clear() { line.clear() }

  private var text: String {
    let rate = Double(done) / max((ContinuousClock.now - start).inSeconds, 1e-9)
    let share = Double(before + done) / Double(max(all, 1))
    let left = Double(all - before - done) / max(rate, 1e-9)
    return "scanning \(ProgressBar.text(share)) \(Int(share * 100)) %, \(before + done) of \(all) "
      + "videos, \(bad) quarantined, \(String(format: "%.0f", rate)) a second, "
      + "\(String(format: "%.0f", left)) s left"
  }
}

/// What `kindreel scan` prints.
private struct ScanReport: Encodable {
  /// A file that is short or quarantined, and why.
  struct Fault: Encodable {
    let id, reason: String
  }

  let manifest: String
  let files, good, short, quarantined, damaged, frames, reused: Int
  let short_files, quarantined_files: [Fault]
  let duplicates: [[String]]
  let seconds: Double

  init(_ records: [VideoRecord], manifest: String, reused: Int, seconds: Double) {
    func faults(_ status: VideoRecord.Status) -> [Fault] {
      records.filter { $0.status == status }.map { Fault(id: $0.id, reason: $0.reason) }
    }
    self.manifest = manifest
    self.reused = reused
    self.seconds = seconds
    files = records.count
    good = records.count { $0.status == .good }
    damaged = records.count { $0.status == .good && !$0.reason.isEmpty }
    short_files = faults(.short)
    quarantined_files = faults(.quarantined)
    short = short_files.count
    quarantined = quarantined_files.count
    frames = records.reduce(0) { $0 + ($1.content?.frameCount ?? 0) }
    let copies = records.filter { $0.duplicateOf != nil }
    duplicates = Dictionary(grouping: copies) { $0.duplicateOf ?? "" }
      .map { [$0.key] + $0.value.map(\.id) }.sorted { $0[0] < $1[0] }
  }

  var badShare: Double { Double(quarantined) / Double(max(files, 1)) }

  var text: String {
    var lines = [
      "\(files) videos, \(frames) frames: \(good) good"
        + (damaged > 0 ? " (\(damaged) damaged in places)" : "")
        + ", \(short) short, \(quarantined) quarantined; "
        + "\(reused) known before, \(String(format: "%.1f", seconds)) s; \(manifest)"
    ]
    lines += quarantined_files.map { "quarantined: \($0.id): \($0.reason)" }
    lines += short_files.map { "short: \($0.id): \($0.reason)" }
    lines += duplicates.map { "the same bytes: " + $0.joined(separator: ", ") }
    return lines.joined(separator: "\n")
  }
}
