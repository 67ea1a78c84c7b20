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
    let data: [UInt8]
    do throws(VideoError) {
      let file = try PlainFile(opening: path)
      guard file.status.size <= Self.mostBytes else {
        throw VideoError(path: path, reason: "\(file.status.size) bytes are too many")
      }
      data = try file.bytes(at: 0, count: file.status.size)
    } catch {
      throw VideoError(
        path: path, reason: "\(what) cannot be read: \(error.reason)", fault: error.fault)
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
