import Foundation

/// How a folder of videos is organised: by lists as UCF101 is, or not at all.
struct Layout {
  private let directory: String
  /// The folder that ids are relative to.
  private let root: String
  /// The folder of the lists, where there is one.
  private let lists: String?

  init(of directory: String) throws(VideoError) {
    guard Layout.isDirectory(directory) else {
      let exists = FileManager.default.fileExists(atPath: directory)
      throw VideoError(path: directory, reason: exists ? "not a folder" : "no such folder")
    }
    func first(of names: [String]) -> String? {
      names.map { Layout.join(directory, $0) }.first(where: Layout.isDirectory)
    }
    self.directory = directory
    lists = first(of: ["splits", "ucfTrainTestlist"])
    root = lists == nil ? directory : first(of: ["videos", "UCF-101"]) ?? directory
  }

  /// The samples of a split, in no particular order.
  func samples(of split: Manifest.Split) throws(VideoError) -> [Sample] {
    let found = try VideoFolder(root).files()
    guard !found.isEmpty else { throw VideoError(path: root, reason: "no video files") }
    let ids = try lists.map { lists throws(VideoError) in
      try listed(in: lists, split: split, among: found)
    }
    if ids == nil, split == .test {
      throw VideoError(
        path: directory,
        reason: "there is no test split: neither splits/ nor ucfTrainTestlist/ exists")
    }
    return (ids ?? found).map { id in
      Sample(id: id, path: Layout.join(root, id), group: Layout.group(of: id))
    }
  }

  private func listed(
    in folder: String, split: Manifest.Split, among found: [String]
  ) throws(VideoError) -> [String] {
    let names =
      switch split {
      case .train: ["trainlist01.txt"]
      case .test: ["testlist01.txt"]
      case .all: ["trainlist01.txt", "testlist01.txt"]
      }
    let exact = Set(found)
    let folded = Dictionary(found.sorted().map { ($0.lowercased(), $0) }) { first, _ in first }
    var ids: [String] = []
    var taken: Set<String> = []
    for name in names {
      let list = SplitList(path: Layout.join(folder, name))
      var missing: [String] = []
      for entry in try list.entries() {
        guard let id = exact.contains(entry) ? entry : folded[entry.lowercased()] else {
          missing.append(entry)
          continue
        }
        if taken.insert(id).inserted { ids.append(id) }
      }
      if let first = missing.first {
        throw VideoError(
          path: list.path,
          reason: "\(missing.count) listed files are not in \(root), the first is \(first)")
      }
    }
    guard !ids.isEmpty else { throw VideoError(path: folder, reason: "the lists are empty") }
    return ids
  }

  /// "Walk/g08" for "Walk/v_Walk_g08_c01.avi".
  static func group(of id: String) -> String? {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    let stem = (parts.last ?? "").split(separator: ".").first ?? ""
    let words = stem.split(separator: "_")
    guard words.count >= 3, isNumbered(words[words.count - 2], "g"),
      isNumbered(words[words.count - 1], "c")
    else { return nil }
    return (parts.dropLast() + [words[words.count - 2]]).joined(separator: "/")
  }

  private static func isNumbered(_ word: Substring, _ letter: Character) -> Bool {
    word.first == letter && word.count > 1 && word.dropFirst().allSatisfy(\.isNumber)
  }

  static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}
