/// The official lists of HMDB51: `CLASS_test_splitN.txt` for every class, with "name.avi CODE" a line;
/// the code is 1 for train, 2 for test and 0 for neither.
struct HMDBLists {
  private let lists: String
  private let root: String

  private static let ending = "_test_split"

  /// The names of the folder of videos as the official archive has it, and as others do.
  private static let videoFolders = ["hmdb51_org", "hmdb51", "HMDB51"]

  /// The folder of a data set that holds lists: in it, or beside it where it is the official archive's.
  static func folder(in directory: String) -> String? {
    let official = ["testTrainMulti_7030_splits", "test_train_splits"]
    let inside = (official + ["splits", "."]).map { VideoFolder.join(directory, $0) }
    return (inside + VideoFolder.places(of: official, beside: directory, named: videoFolders))
      .first { FileStatus.isFolder($0) && !names(in: $0).isEmpty }
  }

  /// The names of the lists in a folder.
  static func names(in folder: String) -> [String] {
    ((try? FileStatus.names(in: folder)) ?? []).filter { name in
      (1...3).contains { name.hasSuffix("\(ending)\($0).txt") }
    }
  }

  init(in directory: String) throws(VideoError) {
    guard let lists = HMDBLists.folder(in: directory) else {
      throw VideoError(
        path: directory, reason: "not HMDB51's layout: there is no CLASS_test_split1.txt")
    }
    self.lists = lists
    root =
      (["videos"] + HMDBLists.videoFolders).map { VideoFolder.join(directory, $0) }
      .first(where: FileStatus.isFolder) ?? directory
  }

  /// Every video below the folder, with its part by the lists of a number.
  func records(list number: Int) throws(VideoError) -> [VideoRecord] {
    let found = try DatasetLayout.found(in: root)
    let names = NameTable(found)
    let ending = "\(HMDBLists.ending)\(number).txt"
    let lists = HMDBLists.names(in: lists).filter { $0.hasSuffix(ending) }
    guard !lists.isEmpty else {
      throw VideoError(path: self.lists, reason: "there is no list CLASS\(ending)")
    }
    var parts: [String: VideoRecord.Part] = [:]
    for name in lists {
      let list = try TextLines(
        reading: VideoFolder.join(self.lists, name), called: "the list of the split")
      for line in list.lines {
        let (entry, part) = try HMDBLists.entry(line, of: list)
        let file = String(name.dropLast(ending.count)) + "/" + entry
        guard let match = names.match(file) ?? names.match(entry) else {
          throw list.error(
            line,
            "'\(FileName.escaped(file))' is listed and not in \(FileName.escaped(root)); a part of "
              + "the data set is read without lists by video.layout=folder (--layout folder)")
        }
        parts[match] = part
      }
    }
    return found.map { name in
      VideoRecord(
        id: FileName.escaped(name), path: VideoFolder.join(root, name), part: parts[name] ?? .unused
      )
    }
  }

  /// A name, which may hold blanks, and the code behind the last blank.
  private static func entry(
    _ line: TextLines.Line, of list: TextLines
  ) throws(VideoError) -> (name: String, part: VideoRecord.Part) {
    let parts: [Substring: VideoRecord.Part] = ["0": .unused, "1": .train, "2": .test]
    guard let blank = line.text.lastIndex(where: { $0 == " " || $0 == "\t" }) else {
      throw list.error(line, "'\(FileName.escaped(line.text))' has no code 0, 1 or 2")
    }
    let code = line.text[line.text.index(after: blank)...]
    guard let part = parts[code] else {
      throw list.error(
        line, "the code is '\(FileName.escaped(String(code)))'; 0, 1 and 2 are known")
    }
    var name = line.text[..<blank]
    while let last = name.last, last == " " || last == "\t" { name = name.dropLast() }
    return (String(name), part)
  }
}
