import Foundation
import Tensors

/// Packs videos into tar files, in a given order, so that a parallel file system sees few large files
/// that are read from front to back.
///
/// The format is ustar, with a pax header where a name or a size does not fit; standard `tar` unpacks
/// it. The bytes depend on the videos and their order alone: owners, rights and times are not kept.
public struct ShardWriter {
  private static let block = 512

  private let folder: String
  private let byteLimit: Int

  /// Prepares to write `shard-00000.tar`, `shard-00001.tar` … of at most so many bytes of video each; a
  /// larger video gets one of its own.
  public init(folder: String, byteLimit: Int) {
    precondition(byteLimit >= 1, "shards of \(byteLimit) bytes")
    self.folder = folder
    self.byteLimit = byteLimit
  }

  /// Writes the shards, and returns the records as they are now: members of tar files.
  ///
  /// - Parameter note: is told how many videos are done.
  /// - Throws: `VideoError` for a video that cannot be read or has changed since it was scanned,
  ///   `FileError` for a shard that cannot be written.
  public func write(_ records: [VideoRecord], _ note: (Int) -> Void) throws -> [VideoRecord] {
    var packed: [VideoRecord] = []
    let sizes = try records.map { record in
      try record.bytes?.count ?? FileStatus(of: record.path).size
    }
    for (number, shard) in ShardWriter.cut(sizes, byteLimit).enumerated() {
      let path = VideoFolder.join(folder, ShardWriter.name(number))
      var place = 0
      try AtomicFile.write(to: path) { tar in
        for record in records[shard] {
          let size = try append(record, to: tar, at: &place)
          var member = record
          member.path = path
          member.bytes = size
          member.size = size.count
          packed.append(member)
          note(packed.count)
        }
        try tar.append([UInt8](repeating: 0, count: 2 * ShardWriter.block))
      }
      let modified = try FileStatus(of: path).modified
      for index in shard { packed[index].modified = modified }
    }
    return packed
  }

  /// The name of a shard; from the 100,000th on it has more digits.
  static func name(_ number: Int) -> String {
    let digits = String(number)
    return "shard-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".tar"
  }

  /// Cuts videos of some sizes into runs of at most `limit` bytes, or of one video.
  static func cut(_ sizes: [Int], _ limit: Int) -> [Range<Int>] {
    var shards: [Range<Int>] = []
    var (start, bytes) = (0, 0)
    for (index, size) in sizes.enumerated() {
      if bytes + size > limit, index > start {
        shards.append(start..<index)
        (start, bytes) = (index, 0)
      }
      bytes += size
    }
    if start < sizes.count { shards.append(start..<sizes.count) }
    return shards
  }

  private func append(
    _ record: VideoRecord, to tar: borrowing AtomicFile, at place: inout Int
  ) throws -> Range<Int> {
    let file = try PlainFile(opening: record.path)
    let source = record.bytes ?? 0..<file.status.size
    if let size = record.size, size != source.count || source.upperBound > file.status.size {
      throw VideoError(path: record.path, reason: "has changed since it was scanned")
    }
    let name = FileName.unescaped(record.id) ?? record.id
    let headers = ShardWriter.headers(name: FileName.bytes(of: name), size: source.count)
    try tar.append(headers)
    let start = place + headers.count
    var hash = ContentHash()
    var done = source.lowerBound
    while done < source.upperBound {
      let part = try file.bytes(at: done, count: min(1 << 20, source.upperBound - done))
      hash.update(part)
      try tar.append(part)
      done += part.count
    }
    if let known = record.hash, known != hash.hexadecimal {
      throw VideoError(path: record.path, reason: "has changed since it was scanned")
    }
    let padding = (ShardWriter.block - source.count % ShardWriter.block) % ShardWriter.block
    try tar.append([UInt8](repeating: 0, count: padding))
    place = start + source.count + padding
    return start..<start + source.count
  }

  /// The blocks before a member's bytes.
  static func headers(name: [UInt8], size: Int) -> [UInt8] {
    let isLong = name.count > 100
    let isLarge = size >= 1 << 33
    var blocks: [UInt8] = []
    if isLong || isLarge || name.contains(where: { $0 >= 0x80 }) {
      var fields = field("path", name)
      if isLarge { fields += field("size", Array(String(size).utf8)) }
      let padding = (block - fields.count % block) % block
      blocks += header(name: Array("pax".utf8), size: fields.count, kind: UInt8(ascii: "x"))
      blocks += fields + [UInt8](repeating: 0, count: padding)
    }
    let short = isLong ? Array(name.prefix(100)) : name
    return blocks + header(name: short, size: isLarge ? 0 : size, kind: UInt8(ascii: "0"))
  }

  private static func header(name: [UInt8], size: Int, kind: UInt8) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: block)
    func put(_ text: some Sequence<UInt8>, at place: Int) {
      for (offset, byte) in text.enumerated() { bytes[place + offset] = byte }
    }
    func octal(_ number: Int, _ digits: Int) -> String.UTF8View {
      let text = String(number, radix: 8)
      return (String(repeating: "0", count: digits - text.count) + text).utf8
    }
    put(name, at: 0)
    put("0000644".utf8, at: 100)
    for place in [108, 116] { put("0000000".utf8, at: place) }
    put(octal(size, 11), at: 124)
    put(octal(0, 11), at: 136)
    bytes[156] = kind
    put("ustar\0".utf8, at: 257)
    put("00".utf8, at: 263)
    put(octal(TarMembers.checksum(bytes), 6), at: 148)
    bytes[155] = 32
    return bytes
  }

  /// A pax field, whose length counts its own digits.
  private static func field(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
    var length = rest.count
    while String(length).utf8.count + rest.count != length {
      length = String(length).utf8.count + rest.count
    }
    return Array(String(length).utf8) + rest
  }
}
