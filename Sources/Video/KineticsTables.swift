/// Kinetics: CSV tables with the columns label, youtube_id, time_start, time_end and, often, split;
/// files are called ID_START_END with six digits each, in class folders or not.
///
/// Videos go missing from the web all the time, so a row without a file is left out. The validation
/// videos are the test split; where there are none, those of the test table are. Where neither a column
/// nor any table's name says what is train, validation or test, the data set is not divided; beside
/// tables that say so, a table that does not adds videos that are in no part.
struct KineticsTables {
  private let tables: [String]
  private let root: String

  private static let columns = ["label", "youtube_id", "time_start", "time_end"]

  /// Whether a file is a table of clips, or has at least some of its columns.
  static func isTable(_ path: String, with columns: [String] = KineticsTables.columns) -> Bool {
    guard path.lowercased().hasSuffix(".csv"), let file = try? PlainFile(opening: path),
      let start = try? file.upTo(4096, at: 0)
    else { return false }
    let head = TextLines.withoutMark(start).prefix {
      $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r")
    }
    let names = fields(of: FileName.text(of: head))?.map { $0.lowercased() } ?? []
    return columns.allSatisfy(names.contains)
  }

  /// The tables of a data set that have at least some columns.
  static func tables(
    in directory: String, with columns: [String] = KineticsTables.columns
  ) throws(VideoError) -> [String] {
    var tables: [String] = []
    for folder in [directory, VideoFolder.join(directory, "annotations")]
    where FileStatus.isFolder(folder) {
      tables += try FileStatus.names(in: folder).map { VideoFolder.join(folder, $0) }
        .filter { $0.lowercased().hasSuffix(".csv") && isTable($0, with: columns) }
    }
    return tables
  }

  /// Looks at a data set's folder, or at one table beside its videos.
  init(of path: String) throws(VideoError) {
    let isFolder = try FileStatus(of: path).isFolder
    root = isFolder ? path : VideoList.resolve(".", beside: path)
    tables = isFolder ? try KineticsTables.tables(in: path) : [path]
    guard !tables.isEmpty else {
      throw VideoError(
        path: path,
        reason: "not Kinetics' layout: no CSV table has the columns "
          + KineticsTables.columns.joined(separator: ", "))
    }
  }

  /// The videos that are listed and there, named LABEL/FILE.
  func records() throws(VideoError) -> [VideoRecord] {
    let found = try DatasetLayout.found(in: root)
    let files = Dictionary(found.map { (KineticsTables.stem($0), $0) }) { first, _ in first }
    var rows: [Row] = []
    for path in tables { rows += try KineticsTables.rows(of: path) }
    // A table that lacks a column is not passed over: a whole part may be in it.
    for path in try others() { _ = try KineticsTables.rows(of: path) }
    // A clip that several tables list belongs to the one that says where to.
    rows = rows.filter { $0.part != nil } + rows.filter { $0.part == nil }
    let isDivided = rows.contains { $0.part != nil && $0.part != .neither }
    var taken: Set<String> = []
    rows.removeAll { files[$0.stem] == nil || !taken.insert($0.stem).inserted }
    guard !rows.isEmpty else {
      throw VideoError(
        path: tables[0], reason: "none of its clips is in \(FileName.escaped(root))")
    }
    let test: Part = rows.contains { $0.part == .validate } ? .validate : .test
    return rows.compactMap { row in
      guard let file = files[row.stem] else { return nil }
      var record = VideoRecord(
        id: FileName.escaped(KineticsTables.id(of: file, label: row.label)),
        path: VideoFolder.join(root, file),
        part: !isDivided ? .whole : row.part == .train ? .train : row.part == test ? .test : .unused
      )
      record.group = row.tape
      return record
    }
  }

  /// Files that name clips as tables do, and lack what places them.
  private func others() throws(VideoError) -> [String] {
    guard try FileStatus(of: root).isFolder else { return [] }
    return try KineticsTables.tables(in: root, with: ["label", "youtube_id"])
      .filter { !tables.contains($0) }
  }

  /// A file in its class folder keeps its path; any other is named by its label.
  private static func id(of file: String, label: String) -> String {
    let parts = file.split(separator: "/")
    let folder = parts.dropLast().last.map(String.init) ?? ""
    return NameTable.fold(folder) == NameTable.fold(label)
      ? file : label.replacing("/", with: "_") + "/" + (parts.last.map(String.init) ?? file)
  }

  private static func stem(_ file: String) -> String {
    let name = file.split(separator: "/").last ?? ""
    return String(name.lastIndex(of: ".").map { name[..<$0] } ?? name)
  }
}

extension KineticsTables {
  /// What a cell or a table's name says of a clip.
  private enum Part { case train, validate, test, neither }

  private struct Row {
    let label, tape, stem: String
    /// Nil where the table says nothing.
    let part: Part?
  }

  private static func rows(of path: String) throws(VideoError) -> [Row] {
    let table = try TextLines(reading: path, called: "the table")
    guard let head = table.lines.first, let names = fields(of: head.text)?.map({ $0.lowercased() })
    else { throw VideoError(path: path, reason: "the table is empty") }
    var places: [Int] = []
    for column in columns {
      guard let place = names.firstIndex(of: column) else {
        throw table.error(head, "there is no column '\(column)'")
      }
      places.append(place)
    }
    let split = names.firstIndex(of: "split")
    var rows: [Row] = []
    for line in table.lines.dropFirst() {
      guard let cells = fields(of: line.text) else {
        throw table.error(line, "a quotation mark is not closed")
      }
      guard let last = places.max(), cells.count > max(last, split ?? 0) else {
        throw table.error(line, "has \(cells.count) columns, the table \(names.count)")
      }
      let times = try places[2...].map { place throws(VideoError) in
        guard let seconds = Double(cells[place]), (0...999_999).contains(seconds) else {
          throw table.error(
            line, "\(names[place]) is '\(FileName.escaped(cells[place]))', and must be seconds")
        }
        return String("00000\(Int(seconds))".suffix(6))
      }
      rows.append(
        Row(
          label: cells[places[0]], tape: cells[places[1]],
          stem: "\(cells[places[1]])_\(times[0])_\(times[1])",
          part: split.map { part(cells[$0]) ?? Part.neither } ?? part(name(of: path))))
    }
    return rows
  }

  private static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The part that a cell or a table's name tells, if it does.
  private static func part(_ text: String) -> Part? {
    let text = text.lowercased()
    if text.contains("train") { return .train }
    if text.contains("val") { return .validate }
    return text.contains("test") ? .test : nil
  }

  /// The cells of a line, after RFC 4180; nil where a quotation mark is not closed.
  static func fields(of line: String) -> [String]? {
    var cells: [String] = [""]
    var isQuoted = false
    var rest = Array(line.unicodeScalars)[...]
    while let character = rest.popFirst() {
      let place = cells.count - 1
      if character == "\"" {
        if isQuoted, rest.first == "\"" {
          cells[place].unicodeScalars.append(character)
          rest.removeFirst()
        } else {
          isQuoted.toggle()
        }
      } else if character == ",", !isQuoted {
        cells.append("")
      } else {
        cells[place].unicodeScalars.append(character)
      }
    }
    return isQuoted ? nil : cells
  }
}
