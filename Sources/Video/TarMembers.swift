/// The members of a tar file: ustar, pax and GNU's long names, read header by header.
struct TarMembers {
  /// A regular file within a tar file.
  struct Member: Equatable {
    var name: String
    var bytes: Range<Int>
  }

  private static let block = 512

  let path: String
  let members: [Member]

  /// Reads the headers; what the members hold is skipped.
  init(of path: String) throws(VideoError) {
    self.path = path
    let file = try PlainFile(opening: path)
    var members: [Member] = []
    var links: [(name: String, target: String)] = []
    var place = 0
    var longName: String?
    var longLink: String?
    var longSize: Int?
    while true {
      let header = try file.upTo(TarMembers.block, at: place)
      if header.allSatisfy({ $0 == 0 }) { break }
      func wrong(_ what: String) -> VideoError {
        VideoError(path: path, reason: "no tar header at byte \(place): \(what)")
      }
      guard header.count == TarMembers.block else { throw wrong("the file ends") }
      guard TarMembers.checksum(header) == TarMembers.number(header[148..<156]) else {
        throw wrong("the checksum differs")
      }
      guard let size = TarMembers.number(header[124..<136]), size >= 0 else {
        throw wrong("the size is no number")
      }
      let start = place + TarMembers.block
      let kind = header[156]
      let isExtension = "xgLK".utf8.contains(kind)
      let length = isExtension ? size : longSize ?? size
      guard length <= file.status.size - start, !isExtension || length <= 1 << 20 else {
        throw wrong("its \(length) bytes are not in a file of \(file.status.size)")
      }
      switch kind {
      case UInt8(ascii: "x"):
        let fields = TarMembers.extended(try file.bytes(at: start, count: length))
        if let name = fields["path"] { longName = FileName.text(of: name) }
        if let link = fields["linkpath"] { longLink = FileName.text(of: link) }
        if fields.keys.contains(where: { $0.hasPrefix("GNU.sparse.") }) {
          throw wrong("'\(longName ?? "a member")' is sparse; pack it without --sparse")
        }
        if let size = fields["size"] {
          guard let number = Int(FileName.text(of: size)), number >= 0 else {
            throw wrong("the pax size is no number")
          }
          longSize = number
        }
      case UInt8(ascii: "L"):
        longName = FileName.text(of: try file.bytes(at: start, count: length).prefix { $0 != 0 })
      case UInt8(ascii: "K"):
        longLink = FileName.text(of: try file.bytes(at: start, count: length).prefix { $0 != 0 })
      case UInt8(ascii: "g"): break
      case UInt8(ascii: "S"):
        throw wrong("'\(longName ?? TarMembers.name(header))' is sparse; pack it without --sparse")
      default:
        // A null is how the oldest tar files mark a regular file.
        if kind == UInt8(ascii: "0") || kind == 0 || kind == UInt8(ascii: "7") {
          let name = longName ?? TarMembers.name(header)
          if !name.hasSuffix("/") {
            members.append(Member(name: name, bytes: start..<start + length))
          }
        } else if kind == UInt8(ascii: "1") || kind == UInt8(ascii: "2") {
          let target = longLink ?? FileName.text(of: header[157..<257].prefix { $0 != 0 })
          let name = longName ?? TarMembers.name(header)
          // A hard link is another name for an earlier member's bytes, a symbolic one for any member's.
          if kind == UInt8(ascii: "2") {
            links.append((name, TarMembers.place(of: target, beside: name)))
          } else if let file = members.last(where: { $0.name == target }) {
            members.append(Member(name: name, bytes: file.bytes))
          } else if VideoFolder.isVideo(name) {
            throw wrong("it links to '\(target)', which is no file before it")
          }
        }
        (longName, longLink) = (nil, nil)
        longSize = nil
      }
      place = start + (length + TarMembers.block - 1) / TarMembers.block * TarMembers.block
    }
    for link in links {
      if let file = members.last(where: { $0.name == link.target }) {
        members.append(Member(name: link.name, bytes: file.bytes))
      } else if VideoFolder.isVideo(link.name) {
        throw VideoError(
          path: path,
          reason: "'\(link.name)' is a symbolic link to '\(link.target)', which is no file in it")
      }
    }
    guard !members.isEmpty || place > 0 else {
      throw VideoError(path: path, reason: "an empty tar file")
    }
    self.members = members
  }

  /// The member that a symbolic link of another member means.
  private static func place(of link: String, beside name: String) -> String {
    if link.hasPrefix("/") { return link }
    var parts = name.split(separator: "/").dropLast().map(String.init)
    for part in link.split(separator: "/") where part != "." {
      if part == "..", parts.last.map({ $0 != ".." }) ?? false {
        parts.removeLast()
      } else {
        parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }

  /// The sum of a header's bytes, its own field taken for blanks.
  static func checksum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) { sum, byte in
      sum + ((148..<156).contains(byte.offset) ? 32 : Int(byte.element))
    }
  }

  /// An octal number, or GNU's binary one, which starts with the highest bit.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      let rest = field.dropFirst()
      guard first == 0x80, rest.dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
      return rest.suffix(7).reduce(0) { $0 << 8 | Int($1) }
    }
    let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
    return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8)
  }

  private static func name(_ header: [UInt8]) -> String {
    let name = header[0..<100].prefix { $0 != 0 }
    let isUstar = header[257..<263].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72, 0])
    let prefix = header[345..<500].prefix { $0 != 0 }
    guard isUstar, !prefix.isEmpty else { return FileName.text(of: name) }
    return FileName.text(of: prefix + [UInt8(ascii: "/")] + name)
  }

  /// The fields of a pax header, "LENGTH KEY=VALUE\n" each.
  private static func extended(_ bytes: [UInt8]) -> [String: [UInt8]] {
    var fields: [String: [UInt8]] = [:]
    var rest = bytes[...]
    while let blank = rest.firstIndex(of: 32),
      let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
      length > blank - rest.startIndex, length <= rest.count
    {
      let field = rest[(blank + 1)..<(rest.startIndex + length)].dropLast()
      if let equals = field.firstIndex(of: UInt8(ascii: "=")) {
        fields[String(decoding: field[..<equals], as: UTF8.self)] = Array(field[(equals + 1)...])
      }
      rest = rest.dropFirst(length)
    }
    return fields
  }
}

/// Tar files with videos: what is in them is read where it lies, without unpacking.
enum TarShards {
  /// The table that `kindreel shard` leaves beside its tar files.
  static let indexName = "manifest.tsv"

  /// Whether a folder holds tar files, and neither videos nor folders.
  static func areIn(_ folder: String) -> Bool {
    let names = (try? FileStatus.names(in: folder)) ?? []
    return names.contains { $0.hasSuffix(".tar") }
      && !names.contains {
        VideoFolder.isVideo($0) || FileStatus.isFolder(VideoFolder.join(folder, $0))
      }
  }

  /// Whether a folder's reader would leave a name out.
  private static func isHidden(_ name: String) -> Bool {
    name.split(separator: "/").contains { $0.hasPrefix(".") && $0 != "." && $0 != ".." }
  }

  /// The videos of a tar file, or of all tar files in a folder, by its table if it has one.
  static func records(in path: String) throws(VideoError) -> [VideoRecord] {
    var files = [path]
    if try FileStatus(of: path).isFolder {
      let index = VideoFolder.join(path, indexName)
      if ManifestFile.isManifest(index) { return try ManifestFile.read(index) }
      files = try FileStatus.names(in: path).filter { $0.hasSuffix(".tar") }
        .map { VideoFolder.join(path, $0) }
    }
    var records: [VideoRecord] = []
    for file in files {
      records += try TarMembers(of: file).members.filter {
        VideoFolder.isVideo($0.name) && !isHidden($0.name)
      }.map {
        VideoRecord(id: FileName.escaped($0.name), path: file, bytes: $0.bytes)
      }
    }
    guard !records.isEmpty else { throw VideoError(path: path, reason: "no video files") }
    return records
  }
}
