/// The official lists of UCF101, three pairs: `trainlist0N.txt` with "Class/name.avi 1" a line, and
/// `testlist0N.txt` without the label.
struct UCFLists {
  private let directory: String
  private let lists: String
  private let root: String

  /// The names of the folder of videos as the official archive has it, and as others do.
  private static let videoFolders = ["UCF-101", "UCF101"]

  /// The folder of a data set that holds lists: in it, or beside it where it is the official archive's.
  static func folder(in directory: String) -> String? {
    let inside = ["splits", "ucfTrainTestlist", "."].map { VideoFolder.join(directory, $0) }
    let beside = VideoFolder.places(
      of: ["ucfTrainTestlist"], beside: directory, named: videoFolders)
    return (inside + beside).first { folder in
      FileStatus.isFolder(folder)
        && (folder.hasSuffix("/splits") || folder.hasSuffix("/ucfTrainTestlist")
          || FileStatus.isRegular(VideoFolder.join(folder, "trainlist01.txt")))
        && HMDBLists.names(in: folder).isEmpty
    }
  }

  init(in directory: String) throws(VideoError) {
    guard let lists = UCFLists.folder(in: directory) else {
      throw VideoError(
        path: directory,
        reason: "not UCF101's layout: neither splits/ nor ucfTrainTestlist/ exists")
    }
    self.directory = directory
    self.lists = lists
    root =
      (["videos"] + UCFLists.videoFolders).map { VideoFolder.join(directory, $0) }
      .first(where: FileStatus.isFolder) ?? directory
  }

  /// Every video below the folder, with its part by the lists of a number.
  func records(list: Int, split: Manifest.Split?) throws(VideoError) -> [VideoRecord] {
    let found = try DatasetLayout.found(in: root)
    let names = NameTable(found)
    var parts: [String: VideoRecord.Part] = [:]
    for part in [VideoRecord.Part.train, .test] {
      let path = VideoFolder.join(lists, "\(part.rawValue)list0\(list).txt")
      let isAsked = split?.includes(part) ?? true
      // Who trains never opens the test list. Who tests compares it with the training list, whose videos
      // need not be there.
      if !isAsked && part == .test { continue }
      if (split == nil || !isAsked) && !FileStatus.isRegular(path) { continue }
      for name in try isAsked ? listed(in: path, among: names) : present(in: path, among: names) {
        if let other = parts[name], other != part {
          throw VideoError(
            path: path,
            reason: "lists '\(FileName.escaped(name))', which \(other.rawValue)list0\(list).txt "
              + "lists, too")
        }
        parts[name] = part
      }
    }
    guard !parts.isEmpty else {
      throw VideoError(
        path: lists, reason: "there is neither trainlist0\(list).txt nor testlist0\(list).txt")
    }
    return found.map { name in
      let part = parts[name].flatMap { split?.includes($0) ?? true ? $0 : nil }
      return VideoRecord(
        id: FileName.escaped(name), path: VideoFolder.join(root, name), part: part ?? .unused)
    }
  }

  /// The videos of a list that are there.
  private func present(in path: String, among names: NameTable) throws(VideoError) -> [String] {
    try TextLines(reading: path, called: "the list of the split").lines.compactMap {
      names.match(VideoList.withoutLabel($0.text))
    }
  }

  private func listed(in path: String, among names: NameTable) throws(VideoError) -> [String] {
    let list = try TextLines(reading: path, called: "the list of the split")
    guard !list.lines.isEmpty else { throw VideoError(path: lists, reason: "the lists are empty") }
    var result: [String] = []
    var missing: [(line: TextLines.Line, name: String)] = []
    for line in list.lines {
      let entry = VideoList.withoutLabel(line.text)
      if let name = names.match(entry) {
        result.append(name)
      } else {
        missing.append((line, entry))
      }
    }
    if let first = missing.first {
      throw VideoError(
        path: path,
        reason: "\(missing.count) listed files are not in \(FileName.escaped(root)), the first is "
          + "'\(FileName.escaped(first.name))' on line \(first.line.number); a part of the data set "
          + "is read without lists by video.layout=folder (--layout folder)")
    }
    return result
  }
}

/// Names of files, found again whatever their case: UCF101's lists have `v_HandstandPushups_…` where
/// its files are called `v_HandStandPushups_…`.
struct NameTable {
  private let exact: Set<String>
  private let folded: [String: String]

  init(_ names: [String]) {
    exact = Set(names)
    folded = Dictionary(names.map { (NameTable.fold($0), $0) }) { first, _ in first }
  }

  /// The file that an entry of a list means.
  func match(_ entry: String) -> String? {
    let entry = entry.hasPrefix("./") ? String(entry.dropFirst(2)) : entry
    return exact.contains(entry) ? entry : folded[NameTable.fold(entry)]
  }

  /// Some copies of HMDB51 and Kinetics have underscores for blanks.
  static func fold(_ name: String) -> String {
    String(name.lowercased().map { $0 == " " ? "_" : $0 })
  }
}
