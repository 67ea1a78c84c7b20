/// A text file with a path a line, absolute or relative to the file's own folder.
///
/// A label may follow, as in UCF101's lists; it is left out.
struct VideoList {
  private let list: TextLines

  init(reading path: String) throws(VideoError) {
    list = try TextLines(reading: path, called: "the list")
    guard !list.lines.isEmpty else { throw VideoError(path: path, reason: "the list is empty") }
  }

  /// Whether they exist or not: a missing one is counted among the bad files.
  func records() throws(VideoError) -> [VideoRecord] {
    var records: [VideoRecord] = []
    for line in list.lines {
      let name = VideoList.withoutLabel(line.text)
      guard VideoFolder.isVideo(name) else {
        throw list.error(line, "'\(FileName.escaped(name))' does not end as a video's name does")
      }
      records.append(
        VideoRecord(id: FileName.escaped(name), path: VideoList.resolve(name, beside: list.path)))
    }
    return records
  }

  /// A path that may be relative to the folder of a file.
  static func resolve(_ name: String, beside file: String) -> String {
    if name.hasPrefix("/") { return name }
    guard let slash = file.lastIndex(of: "/") else { return name }
    return String(file[...slash]) + name
  }

  /// Names may hold spaces, so a number is a label only when a video's name stands before it.
  static func withoutLabel(_ line: String) -> String {
    guard let space = line.lastIndex(where: { $0 == " " || $0 == "\t" || $0 == "," }),
      line[line.index(after: space)...].allSatisfy(\.isNumber)
    else { return line }
    var name = line[..<space]
    while let last = name.last, last == " " || last == "\t" { name = name.dropLast() }
    return VideoFolder.isVideo(String(name)) ? String(name) : line
  }
}
