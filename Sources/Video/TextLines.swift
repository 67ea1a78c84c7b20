import Foundation

/// A small text file that lists things, line by line, as bytes: names need not be UTF-8.
struct TextLines {
  /// A line and its number, from 1.
  struct Line {
    let number: Int
    let text: String
  }

  let path: String
  /// The lines that are not empty, without line ends of either kind.
  let lines: [Line]
  /// The number of the last line if it has no line end.
  let unfinished: Int?

  /// Larger files are no lists.
  private static let mostBytes = 1 << 30

  /// - Parameter isTable: keeps blanks and tabs around lines, which are dropped otherwise.
  init(reading path: String, called what: String, isTable: Bool = false) throws(VideoError) {
    guard FileStatus.isRegular(path), let data = FileReading.contents(path, atMost: Self.mostBytes)
    else {
      let isThere = FileStatus.isRegular(path)
      throw VideoError(
        path: path, reason: "\(what) is missing or unreadable",
        fault: isThere ? .content : .missing)
    }
    self.path = path
    let bytes = Self.withoutMark(data)
    let newline = UInt8(ascii: "\n")
    unfinished = bytes.last == newline ? nil : bytes.count { $0 == newline } + 1
    let blank: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")]
    lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
      .enumerated().compactMap { number, line in
        var line = isTable ? line : line.drop { blank.contains($0) }
        if isTable, line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        while !isTable, let last = line.last, blank.contains(last) { line = line.dropLast() }
        return line.isEmpty ? nil : Line(number: number + 1, text: FileName.text(of: line))
      }
  }

  /// A text without the mark that some programs begin UTF-8 with.
  static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
  }

  /// An error about a line.
  func error(_ line: Line, _ reason: String) -> VideoError {
    VideoError(path: path, reason: "line \(line.number): \(reason)")
  }
}

/// Whole small files.
enum FileReading {
  /// A regular file's bytes; nil where it cannot be read or is larger than `limit`.
  static func contents(_ path: String, atMost limit: Int) -> [UInt8]? {
    guard let file = try? PlainFile(opening: path), file.status.size <= limit else { return nil }
    return try? file.bytes(at: 0, count: file.status.size)
  }
}
