public import Foundation

/// The one table of videos for every layout: what `kindreel scan` writes, and `--data` takes.
///
/// Text with a tab between columns and a video a line; the first line names the columns, which may
/// stand in any order. `id` and `path` must be there; others may be missing or empty, and unknown ones
/// are ignored.
///
/// | column | holds |
/// |---|---|
/// | id | the path below the data set's folder; the last folder in it is the class |
/// | path | the file, absolute or relative to the table's folder |
/// | offset | where the video starts in the file, for a member of a tar file |
/// | size | the video's bytes |
/// | modified | the file's last change, in nanoseconds since 1970 |
/// | split | train, test, unused (in the folder, not in the lists), or whole where there are no lists |
/// | group | the footage that the clip was cut from |
/// | status | good, short or quarantined; quarantined videos are left out |
/// | reason | why it is short or quarantined |
/// | frames | the frames that decode |
/// | rate | frames a second, from the header |
/// | width, height | a frame's size, rotation applied |
/// | rotation | clockwise degrees, with an m where pictures are mirrored first |
/// | codec | libav's name of it |
/// | key_frames | their indices, joined by commas; * where every frame is one |
/// | sha256 | of the video's bytes |
/// | duplicate_of | the first id with the same bytes |
///
/// In `id`, `path`, `group` and `reason`, backslash, tab, line ends and bytes that are no UTF-8 are
/// written as in C: \\, \t, \n, \r, \xFF.
public enum ManifestFile {
  /// The columns as they are written.
  static let columns = [
    "id", "path", "offset", "size", "modified", "split", "group", "status", "reason", "frames",
    "rate", "width", "height", "rotation", "codec", "key_frames", "sha256", "duplicate_of",
  ]

  /// Whether a file starts as such a table does.
  public static func isManifest(_ path: String) -> Bool {
    guard let file = try? PlainFile(opening: path), let start = try? file.upTo(4096, at: 0)
    else { return false }
    let head = TextLines.withoutMark(start)
      .prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    let names = String(decoding: head, as: UTF8.self).split(separator: "\t")
    return names.contains("id") && names.contains("path")
  }

  /// Reads all rows, quarantined ones too.
  ///
  /// - Throws: `VideoError` with the line, the column and the value that make no sense.
  public static func read(_ path: String) throws(VideoError) -> [VideoRecord] {
    let table = try TextLines(reading: path, called: "the manifest", isTable: true)
    guard let head = table.lines.first else {
      throw VideoError(path: path, reason: "the manifest is empty")
    }
    let names = head.text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    for name in ["id", "path"] where !names.contains(name) {
      throw table.error(head, "there is no column '\(name)'")
    }
    var records: [VideoRecord] = []
    var seen: Set<String> = []
    for line in table.lines.dropFirst() {
      let row = try Row(line, of: table, names: names)
      if line.number == table.unfinished, row.count < names.count {
        throw table.error(
          line, "has \(row.count) columns of \(names.count) and no end: the manifest was cut off")
      }
      let record = try row.record()
      guard seen.insert(record.id).inserted else {
        throw table.error(line, "the id '\(record.id)' is there twice")
      }
      records.append(record)
    }
    guard !records.isEmpty else { throw VideoError(path: path, reason: "the manifest is empty") }
    return records
  }

  /// The rows of a table that may have been cut off while it was written; lines that make no sense are
  /// left out.
  public static func salvage(_ path: String) -> [VideoRecord] {
    guard let table = try? TextLines(reading: path, called: "the manifest", isTable: true),
      let head = table.lines.first
    else { return [] }
    let names = head.text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    return table.lines.dropFirst().compactMap { line in
      // Without a line end, a row may lack its end.
      if line.number == table.unfinished { return nil }
      return try? Row(line, of: table, names: names).record()
    }
  }

  /// The line of the columns' names.
  public static var head: String { columns.joined(separator: "\t") + "\n" }

  /// A record as a line of a table in a folder.
  public static func line(_ record: VideoRecord, in folder: String) -> String {
    let content = record.content
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    let path =
      record.path.hasPrefix(prefix) ? String(record.path.dropFirst(prefix.count)) : record.path
    func text(_ number: Int?) -> String { number.map(String.init) ?? "" }
    let cells: [String] = [
      record.id, FileName.escaped(path), text(record.bytes?.lowerBound),
      text(record.size ?? record.bytes?.count), text(record.modified), record.part.rawValue,
      FileName.escaped(record.group ?? ""), record.status?.rawValue ?? "",
      FileName.escaped(record.reason), text(content?.frameCount),
      content.map { String(format: "%.6g", $0.rate) } ?? "", text(content?.size.width),
      text(content?.size.height), content?.rotation ?? "", content?.codec ?? "",
      content.map(keyFrames) ?? "", record.hash ?? "", record.duplicateOf ?? "",
    ]
    return cells.joined(separator: "\t") + "\n"
  }

  /// A table of records, to lie in a folder.
  public static func data(_ records: [VideoRecord], in folder: String) -> Data {
    Data((head + records.map { line($0, in: folder) }.joined()).utf8)
  }

  private static func keyFrames(_ content: VideoRecord.Content) -> String {
    content.keyFrames.count == content.frameCount && content.frameCount > 1
      ? "*" : content.keyFrames.map(String.init).joined(separator: ",")
  }
}

extension ManifestFile {
  /// The cells of a line by their columns.
  private struct Row {
    private let line: TextLines.Line
    private let table: TextLines
    private let cells: [String: String]
    /// The columns that it has.
    let count: Int

    init(_ line: TextLines.Line, of table: TextLines, names: [String]) throws(VideoError) {
      let values = line.text.split(separator: "\t", omittingEmptySubsequences: false)
      // Empty cells at the end of a line may be gone.
      guard values.count <= names.count else {
        throw table.error(line, "has \(values.count) columns, the first line \(names.count)")
      }
      self.line = line
      self.table = table
      count = values.count
      cells = Dictionary(
        zip(names, values.map(String.init)), uniquingKeysWith: { first, _ in first })
    }

    private func text(_ column: String) -> String? {
      cells[column].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func wrong(_ column: String, _ what: String) -> VideoError {
      table.error(
        line, "\(column) is '\(FileName.escaped(cells[column] ?? ""))', and must be \(what)")
    }

    private func number(_ column: String) throws(VideoError) -> Int? {
      guard let text = text(column) else { return nil }
      guard let number = Int(text), number >= 0 else { throw wrong(column, "a whole number") }
      return number
    }

    private func name(_ column: String) throws(VideoError) -> String? {
      guard let text = text(column) else { return nil }
      guard let name = FileName.unescaped(text) else {
        throw wrong(column, "written with the escapes \\\\, \\t, \\n, \\r and \\xFF alone")
      }
      return name
    }

    private func choice<Value: RawRepresentable & CaseIterable>(
      _ column: String, _ type: Value.Type
    ) throws(VideoError) -> Value? where Value.RawValue == String {
      guard let text = text(column) else { return nil }
      guard let value = Value(rawValue: text) else {
        throw wrong(column, Value.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return value
    }

    func record() throws(VideoError) -> VideoRecord {
      guard let written = text("id"), let plain = FileName.unescaped(written) else {
        throw wrong("id", "a name")
      }
      // However it is spelled, an id is one line of UTF-8, unless it was written byte by byte to tell it
      // from another (`DatasetLayout.distinct`).
      let id = written == FileName.escapedToASCII(plain) ? written : FileName.escaped(plain)
      guard let path = try name("path") else { throw wrong("path", "a file") }
      let size = try number("size")
      var bytes: Range<Int>?
      if let offset = try number("offset") {
        guard let size, size <= Int.max - offset else {
          throw wrong("size", "a whole number where there is an offset")
        }
        bytes = offset..<offset + size
      }
      var record = VideoRecord(
        id: id, path: VideoList.resolve(path, beside: table.path), bytes: bytes,
        part: try choice("split", VideoRecord.Part.self) ?? .whole)
      record.size = size
      record.modified = try number("modified")
      record.group = try name("group") ?? record.group
      record.status = try choice("status", VideoRecord.Status.self)
      record.reason = try name("reason") ?? ""
      record.hash = text("sha256")
      record.duplicateOf = text("duplicate_of")
      record.content = try content()
      return record
    }

    private func content() throws(VideoError) -> VideoRecord.Content? {
      guard let frames = try number("frames") else { return nil }
      guard frames > 0 else { throw wrong("frames", "above 0") }
      guard let rate = Double(text("rate") ?? "0"), rate >= 0 else {
        throw wrong("rate", "a number")
      }
      var keyFrames: [Int] = []
      if text("key_frames") == "*" {
        keyFrames = Array(0..<frames)
      } else {
        for part in (text("key_frames") ?? "").split(separator: ",") {
          guard let frame = Int(part), (0..<frames).contains(frame) else {
            throw wrong("key_frames", "frames below \(frames), or *")
          }
          keyFrames.append(frame)
        }
      }
      return VideoRecord.Content(
        frameCount: frames, rate: rate,
        size: PixelSize(width: try number("width") ?? 0, height: try number("height") ?? 0),
        rotation: text("rotation") ?? "0", codec: text("codec") ?? "", keyFrames: keyFrames)
    }
  }
}
