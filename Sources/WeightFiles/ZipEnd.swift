import Tensors

/// Where the central directory of a zip file lies, from the records at the file's end.
struct ZipEnd {
  let start: Int
  let length: Int
  let count: Int

  private static let recordLength = 22
  private static let locatorLength = 20
  private static let wideLength = 56

  init(of file: borrowing RandomAccessFile) throws(FileError) {
    // The record is followed by a comment of 65,535 bytes at most.
    let first = max(0, file.size - Self.recordLength - 0xffff)
    let tail = try file.bytes(first..<file.size, of: "its end")
    guard
      let offset = stride(from: tail.count - Self.recordLength, through: 0, by: -1).first(where: {
        LittleEndian(bytes: tail[$0...]).number(0, 4) == 0x0605_4b50
      })
    else { throw FileError(file.path, "is cut short: a zip file ends with its directory") }
    let record = LittleEndian(bytes: tail[offset...])
    guard let disk = record.number(4, 2), let count = record.number(10, 2),
      let length = record.number(12, 4), let start = record.number(16, 4)
    else { throw FileError(file.path, "has a damaged end of its zip directory") }
    var place: (start: UInt64, length: UInt64, count: UInt64) = (start, length, count)
    let isWide = start == 0xffff_ffff || length == 0xffff_ffff || count == 0xffff
    if isWide { place = try Self.wide(of: file, before: first + offset) }
    guard disk == 0 || isWide && disk == 0xffff else {
      throw FileError(file.path, "is one of several zip files")
    }
    guard place.start <= UInt64(file.size), place.length <= UInt64(file.size) - place.start,
      place.count <= place.length
    else {
      throw FileError(
        file.path,
        "is no whole zip file: its directory of \(place.length) bytes would lie at \(place.start)")
    }
    self.start = Int(place.start)
    self.length = Int(place.length)
    self.count = Int(place.count)
  }

  /// The numbers of the zip64 record, which a locator right before the end record points to.
  private static func wide(
    of file: borrowing RandomAccessFile, before end: Int
  ) throws(FileError) -> (start: UInt64, length: UInt64, count: UInt64) {
    guard end >= locatorLength else { throw FileError(file.path, "lacks its zip64 directory") }
    let locator = LittleEndian(
      bytes: try file.bytes(end - locatorLength..<end, of: "its zip64 locator")[...])
    guard locator.number(0, 4) == 0x0706_4b50, let offset = locator.int(8, 8),
      offset <= end - locatorLength, end - locatorLength - offset >= wideLength
    else { throw FileError(file.path, "has a damaged zip64 locator") }
    let record = LittleEndian(
      bytes: try file.bytes(offset..<offset + wideLength, of: "its zip64 record")[...])
    guard record.number(0, 4) == 0x0606_4b50, let count = record.number(32, 8),
      let length = record.number(40, 8), let start = record.number(48, 8)
    else { throw FileError(file.path, "has a damaged zip64 record") }
    return (start, length, count)
  }
}
