import Foundation

/// A folder that is searched for video files.
struct VideoFolder {
  private static let extensions: Set<String> = [
    "avi", "mp4", "mkv", "webm", "mov", "m4v", "mpg", "mpeg",
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
  /// Links to folders are followed, except back to a folder that is being searched.
  func files() throws(VideoError) -> [String] {
    var found: [String] = []
    try search(below: "", path: root, ancestors: [], into: &found)
    return found
  }

  private func search(
    below prefix: String, path: String, ancestors: Set<String>, into found: inout [String]
  ) throws(VideoError) {
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    if ancestors.contains(real) { return }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw VideoError(path: path, reason: "the folder cannot be listed")
    }
    for name in names where !name.hasPrefix(".") {
      let inside = Layout.join(path, name)
      if VideoFolder.isVideo(name) {
        found.append(prefix + name)
      } else if Layout.isDirectory(inside) {
        try search(
          below: prefix + name + "/", path: inside, ancestors: ancestors.union([real]), into: &found
        )
      }
    }
  }
}
