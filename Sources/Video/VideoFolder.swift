import Foundation

/// A folder that is searched for video files.
struct VideoFolder {
  private static let extensions: Set<String> = [
    "avi", "divx", "mp4", "m4v", "mov", "3gp", "3g2", "mkv", "webm", "mpg", "mpeg", "vob",
    "mts", "m2ts", "ts", "flv", "wmv", "asf", "ogv",
  ]
  private let root: String

  init(_ root: String) { self.root = root }

  /// Whether a name ends as a video's name does.
  static func isVideo(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }

  /// The paths of the video files below the folder, relative to it.
  ///
  /// Pipes and dangling links count by their names, so that somebody learns of them. Links to folders
  /// are followed, except back to a folder that is being searched.
  func files() throws(VideoError) -> [String] {
    var found: [String] = []
    try search(below: "", path: root, ancestors: [], into: &found)
    return found
  }

  private struct Place: Hashable {
    let device, inode: UInt64
  }

  private func search(
    below prefix: String, path: String, ancestors: Set<Place>, into found: inout [String]
  ) throws(VideoError) {
    let status = try FileStatus(of: path)
    let place = Place(device: status.device, inode: status.inode)
    if ancestors.contains(place) { return }
    for name in try FileStatus.names(in: path) {
      let inside = VideoFolder.join(path, name)
      if VideoFolder.isVideo(name) {
        found.append(prefix + name)
      } else if FileStatus.isFolder(inside) {
        try search(
          below: prefix + name + "/", path: inside, ancestors: ancestors.union([place]),
          into: &found)
      }
    }
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// The places of some folders beside one that has an official name, by its path or where that leads.
  static func places(of others: [String], beside folder: String, named names: [String]) -> [String]
  {
    let url = URL(fileURLWithPath: folder).standardizedFileURL
    return [url, url.resolvingSymlinksInPath()].filter { names.contains($0.lastPathComponent) }
      .flatMap { place in
        others.map { place.deletingLastPathComponent().appending(path: $0).path }
      }
  }
}
