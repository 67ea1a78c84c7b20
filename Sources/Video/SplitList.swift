import Foundation

/// A list of files as UCF101 has them: "Class/name.avi 1" a line, the label being optional.
struct SplitList {
  let path: String

  /// The listed names, labels dropped; empty lines and Windows line ends do not matter.
  func entries() throws(VideoError) -> [String] {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw VideoError(path: path, reason: "the list of the split is missing or unreadable")
    }
    var text = String(decoding: bytes, as: UTF8.self)
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    return text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
      .map(SplitList.withoutLabel)
  }

  /// Names may hold spaces, so a number is a label only when a video's name stands before it.
  private static func withoutLabel(_ line: String) -> String {
    guard let space = line.lastIndex(where: { $0 == " " || $0 == "\t" }),
      line[line.index(after: space)...].allSatisfy(\.isNumber)
    else { return line }
    let name = line[..<space].trimmingCharacters(in: .whitespaces)
    return VideoFolder.isVideo(name) ? name : line
  }
}
