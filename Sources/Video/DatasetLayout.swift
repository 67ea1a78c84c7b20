/// How a data set is organised.
public enum DatasetLayout: String, Codable, Sendable, CaseIterable {
  /// Whichever of the others fits, tried in the order below.
  case auto
  /// A table made by `kindreel scan` or `kindreel shard`.
  case manifest
  /// Tar files, each with videos, or one of them; or a folder made by `kindreel shard`.
  case shards
  /// UCF101: lists `trainlist0N.txt` and `testlist0N.txt` in `splits/` or `ucfTrainTestlist/`.
  case ucf101
  /// HMDB51: lists `CLASS_test_splitN.txt`.
  case hmdb51
  /// Kinetics: CSV tables of clips, files named ID_START_END.
  case kinetics
  /// A text file with a path a line.
  case list
  /// A folder that is searched with its subfolders; they are the classes, if there are any.
  case folder

  /// What lies at a path.
  static func recognise(_ path: String) throws(VideoError) -> DatasetLayout {
    let status: FileStatus
    do throws(VideoError) { status = try FileStatus(of: path) } catch {
      guard error.fault == .missing else { throw error }
      throw VideoError(path: path, reason: "no such folder or file", fault: .missing)
    }
    if status.isRegular {
      let name = path.lowercased()
      if ManifestFile.isManifest(path) { return .manifest }
      if name.hasSuffix(".tar") { return .shards }
      if VideoFolder.isVideo(path) {
        throw VideoError(
          path: path, reason: "not a folder: a single video is no data set; list it in a text file")
      }
      return KineticsTables.isTable(path) ? .kinetics : .list
    }
    guard status.isFolder else {
      throw VideoError(path: path, reason: "not a folder, and no list either")
    }
    if TarShards.areIn(path) { return .shards }
    if UCFLists.folder(in: path) != nil { return .ucf101 }
    if HMDBLists.folder(in: path) != nil { return .hmdb51 }
    if try !KineticsTables.tables(in: path).isEmpty { return .kinetics }
    return .folder
  }

  /// All videos of a data set, each once, in no particular order.
  ///
  /// - Parameters:
  ///   - split: which lists must be there; nil takes those that are.
  ///   - list: which of the official lists, from 1 to 3; 1 where a layout has no such choice.
  static func records(
    of path: String, layout: DatasetLayout, list: Int, split: Manifest.Split?
  ) throws(VideoError) -> [VideoRecord] {
    let layout = layout == .auto ? try recognise(path) : layout
    guard list == 1 || layout == .ucf101 || layout == .hmdb51 else {
      throw VideoError(
        path: path,
        reason: "video.list (--list) is \(list), and only UCF101's and HMDB51's folders have more "
          + "than one; a manifest has the lists that it was scanned with", fault: .setting)
    }
    let records: [VideoRecord] =
      switch layout {
      case .auto, .folder: try folder(path)
      case .manifest: try ManifestFile.read(path)
      case .shards: try TarShards.records(in: path)
      case .ucf101: try UCFLists(in: path).records(list: list, split: split)
      case .hmdb51: try HMDBLists(in: path).records(list: list)
      case .kinetics: try KineticsTables(of: path).records()
      case .list: try VideoList(reading: path).records()
      }
    let wanted = records.filter { split?.includes($0.part) ?? true }
    if let split, wanted.isEmpty, !records.isEmpty {
      throw VideoError(path: path, reason: reason(split, layout))
    }
    return try distinct(wanted)
  }

  private static func reason(_ split: Manifest.Split, _ layout: DatasetLayout) -> String {
    if layout == .folder {
      return "there is no \(split.rawValue) split: neither splits/ nor ucfTrainTestlist/ exists"
    }
    return "there is no \(split.rawValue) split: no video is listed as one of it"
  }

  private static func folder(_ path: String) throws(VideoError) -> [VideoRecord] {
    guard try FileStatus(of: path).isFolder else {
      throw VideoError(path: path, reason: "not a folder")
    }
    return try found(in: path).map {
      VideoRecord(id: FileName.escaped($0), path: VideoFolder.join(path, $0))
    }
  }

  /// The videos below a folder, of which there must be some.
  static func found(in folder: String) throws(VideoError) -> [String] {
    let found = try VideoFolder(folder).files()
    guard !found.isEmpty else { throw VideoError(path: folder, reason: "no video files") }
    return found
  }

  /// Gives every video an id of its own.
  ///
  /// Unicode can spell one name in several ways, which are different files and equal texts: all but the
  /// first are then written byte by byte. A file that is listed twice counts once.
  ///
  /// - Throws: where two files have one id, as members of two tar files may.
  private static func distinct(_ records: [VideoRecord]) throws(VideoError) -> [VideoRecord] {
    var seen: [String: VideoRecord] = [:]
    var result: [VideoRecord] = []
    for var record in records {
      if let other = seen[record.id], !other.id.utf8.elementsEqual(record.id.utf8) {
        record.id = FileName.escapedToASCII(record.id)
      }
      if let other = seen[record.id] {
        if other.path == record.path && other.bytes == record.bytes { continue }
        throw VideoError(
          path: record.path, reason: "holds another '\(record.id)' than \(other.path)")
      }
      seen[record.id] = record
      result.append(record)
    }
    return result
  }
}
