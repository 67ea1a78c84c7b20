import Tensors

/// The directory of a zip file whose entries are stored as they are, as `torch.save` writes them.
///
/// PKWARE's APPNOTE 6.3.10, sections 4.3.7 to 4.3.16. Places and sizes are those of the central
/// directory, so data descriptors need not be read; every one is checked before it is used.
struct ZipDirectory {
  /// One file in the archive.
  struct Entry {
    let name: String
    let size: Int
    let checksum: UInt32
    /// Where its local header starts.
    let header: Int
  }

  let entries: [String: Entry]
  private let start: Int

  /// A file of a network's weights has some hundred entries of some hundred bytes.
  private static let longest = 16 << 20

  /// Reads the central directory.
  init(of file: borrowing RandomAccessFile) throws(FileError) {
    let end = try ZipEnd(of: file)
    guard end.length <= Self.longest else {
      throw FileError(file.path, "has a zip directory of \(end.length) bytes, too many to be one")
    }
    start = end.start
    let bytes = try file.bytes(end.start..<end.start + end.length, of: "its zip directory")
    var entries: [String: Entry] = [:]
    var offset = 0
    while offset < bytes.count {
      let (entry, length) = try Self.entry(
        LittleEndian(bytes: bytes[offset...]), before: end.start, in: file.path)
      guard entries.updateValue(entry, forKey: entry.name) == nil else {
        throw FileError(file.path, "has the zip entry '\(entry.name.excerpt)' twice")
      }
      offset += length
    }
    guard entries.count == end.count else {
      throw FileError(
        file.path, "has \(entries.count) zip entries, and its directory says \(end.count)")
    }
    // Entries that share bytes are a way to make much of little.
    var last = (end: 0, name: "")
    for entry in entries.values.sorted(by: { $0.header < $1.header }) {
      guard entry.header >= last.end else {
        throw FileError(
          file.path, "has the zip entries '\(last.name)' and '\(entry.name.excerpt)' in one place")
      }
      last = (entry.header + ZipDirectory.localLength + entry.size, entry.name.excerpt)
    }
    self.entries = entries
  }

  private static let localLength = 30
  private static let centralLength = 46

  /// One line of the central directory, and its length.
  private static func entry(
    _ bytes: LittleEndian, before start: Int, in path: String
  ) throws(FileError) -> (Entry, length: Int) {
    guard bytes.number(0, 4) == 0x0201_4b50, let flags = bytes.number(8, 2),
      let method = bytes.number(10, 2), let checksum = bytes.number(16, 4),
      var stored = bytes.number(20, 4), var size = bytes.number(24, 4),
      let nameLength = bytes.int(28, 2), let extraLength = bytes.int(30, 2),
      let commentLength = bytes.int(32, 2), var header = bytes.number(42, 4)
    else { throw FileError(path, "has a damaged zip directory") }
    let length = centralLength + nameLength + extraLength + commentLength
    guard length <= bytes.bytes.count else {
      throw FileError(path, "has a zip directory that ends too early")
    }
    let first = bytes.bytes.startIndex + centralLength
    let name = String(decoding: bytes.bytes[first..<first + nameLength], as: UTF8.self)
    // Large numbers stand in the extra field 1, in this order, where theirs are all ones.
    var wide = extra(
      1, in: LittleEndian(bytes: bytes.bytes[(first + nameLength)...].prefix(extraLength)))
    for number in 0..<3 {
      let value = number == 0 ? size : number == 1 ? stored : header
      guard value == 0xffff_ffff else { continue }
      guard let large = wide?.number(0, 8) else {
        throw FileError(path, "lacks the zip64 numbers of '\(name.excerpt)'")
      }
      wide = wide.map { LittleEndian(bytes: $0.bytes.dropFirst(8)) }
      if number == 0 { size = large } else if number == 1 { stored = large } else { header = large }
    }
    guard method == 0, stored == size else {
      throw FileError(
        path, "has '\(name.excerpt)' compressed (method \(method)); torch.save stores as it is")
    }
    guard flags & 1 == 0 else { throw FileError(path, "has '\(name.excerpt)' encrypted") }
    guard header <= UInt64(start), size <= UInt64(start) - header,
      UInt64(localLength) <= UInt64(start) - header - size
    else {
      throw FileError(
        path, "is no whole zip file: '\(name.excerpt)' of \(size) bytes would lie at \(header)")
    }
    return (
      Entry(
        name: name, size: Int(size), checksum: UInt32(truncatingIfNeeded: checksum),
        header: Int(header)), length
    )
  }

  /// The content of an extra field; nil where there is none of that kind.
  private static func extra(_ kind: UInt64, in fields: LittleEndian) -> LittleEndian? {
    var offset = 0
    while let found = fields.number(offset, 2), let length = fields.int(offset + 2, 2) {
      let content = fields.bytes.dropFirst(offset + 4).prefix(length)
      if found == kind { return LittleEndian(bytes: content) }
      offset += 4 + length
    }
    return nil
  }

  /// An entry's bytes, with their checksum compared.
  func bytes(
    of entry: Entry, in file: borrowing RandomAccessFile
  ) throws(FileError) -> [UInt8] {
    let name = entry.name.excerpt
    let local = LittleEndian(
      bytes: try file.bytes(
        entry.header..<entry.header + Self.localLength, of: "the header of '\(name)'")[...])
    guard local.number(0, 4) == 0x0403_4b50, let nameLength = local.int(26, 2),
      let extraLength = local.int(28, 2)
    else { throw FileError(file.path, "has a damaged zip header for '\(name)'") }
    let first = entry.header + Self.localLength + nameLength + extraLength
    guard entry.size <= start - first else {
      throw FileError(file.path, "has '\(name)' reach into its zip directory")
    }
    let bytes = try file.bytes(first..<first + entry.size, of: "'\(name)'")
    let checksum = CRC32.of(bytes)
    guard checksum == entry.checksum else {
      throw FileError(
        file.path,
        "is damaged: the CRC of '\(name)' is \(String(checksum, radix: 16)), and its directory says "
          + String(entry.checksum, radix: 16))
    }
    return bytes
  }
}
