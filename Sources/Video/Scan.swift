import Synchronization
public import Tensors

/// A look at every file of a data set, each decoded once from its first packet to its last.
public struct Scan: Sendable {
  /// The videos that were found.
  public private(set) var records: [VideoRecord]
  /// Videos with fewer frames are called short.
  private let clipFrames: Int

  /// Lists the videos of a data set; nothing is decoded yet.
  ///
  /// - Parameters:
  ///   - known: rows of an earlier scan; those of good files that have not changed are taken over.
  public init(
    of path: String, layout: DatasetLayout, list: Int, clipFrames: Int, known: [VideoRecord]
  ) throws(VideoError) {
    self.clipFrames = clipFrames
    let found = try DatasetLayout.records(of: path, layout: layout, list: list, split: nil)
    let rows = Dictionary(known.map { ($0.id, $0) }) { $1 }
    records = found.sorted { $0.id < $1.id }.map { record in
      var fresh = record
      (fresh.status, fresh.reason) = (nil, "")
      guard let row = rows[record.id], row.status == .good, row.path == record.path,
        row.bytes == record.bytes, row.content.map({ $0.frameCount >= clipFrames }) ?? false,
        let status = try? FileStatus(of: record.path), row.modified == status.modified,
        row.size == record.bytes?.count ?? status.size
      else { return fresh }
      fresh.size = row.size
      fresh.modified = row.modified
      fresh.hash = row.hash
      fresh.content = row.content
      (fresh.status, fresh.reason) = (.good, row.reason)
      return fresh
    }
  }

  /// The number of videos that an earlier scan has already looked at.
  public var knownCount: Int { records.count { $0.status != nil } }

  /// Looks at the other files, one on each lane at a time, and finds exact duplicates.
  ///
  /// - Parameter note: is told of every file as soon as it is done, by one lane at a time.
  public mutating func run(
    lanes: LanePool, _ note: @escaping @Sendable (VideoRecord) throws -> Void
  ) throws {
    let due = records.indices.filter { records[$0].status == nil }
    let done = Mutex<[Int: VideoRecord]>([:])
    try lanes.forEach(due.count) { [records, clipFrames] place in
      let record = try Scan.examine(records[due[place]], clipFrames: clipFrames)
      try done.withLock { done in
        done[due[place]] = record
        try note(record)
      }
    }
    for (place, record) in done.withLock({ $0 }) { records[place] = record }
    markDuplicates()
  }

  private mutating func markDuplicates() {
    var first: [String: String] = [:]
    for place in records.indices {
      records[place].duplicateOf = nil
      guard let hash = records[place].hash, records[place].status != .quarantined else { continue }
      if let id = first[hash] {
        records[place].duplicateOf = id
      } else {
        first[hash] = records[place].id
      }
    }
  }
}

extension Scan {
  /// Decodes a file, and says what it is or why it cannot be used.
  ///
  /// - Throws: where the machine is at fault, and not the file.
  static func examine(
    _ record: VideoRecord, clipFrames: Int
  ) throws(VideoError) -> VideoRecord {
    var record = record
    do throws(VideoError) {
      let file = try PlainFile(opening: record.path)
      record.modified = file.status.modified
      record.size = record.bytes?.count ?? file.status.size
      record.hash = try hash(of: file, record.bytes ?? 0..<file.status.size)
      var reader = try VideoReader(opening: record.path, bytes: record.bytes, index: nil)
      let index = try reader.wholeIndex()
      let header = try reader.describe()
      guard try FileStatus(of: record.path) == file.status else {
        throw VideoError(path: record.path, reason: "changed while it was read")
      }
      record.content = VideoRecord.Content(
        frameCount: index.frameCount, rate: header.rate, size: reader.size,
        rotation: "\(header.orientation.degrees)\(header.orientation.isMirrored ? "m" : "")",
        codec: header.codec,
        keyFrames: index.keyFrames)
      (record.status, record.reason) = judge(index, header, clipFrames: clipFrames)
    } catch {
      if error.fault == .machine { throw error }
      (record.status, record.reason) = (.quarantined, error.reason)
    }
    return record
  }

  private static func judge(
    _ index: FrameIndex, _ header: VideoHeader, clipFrames: Int
  ) -> (VideoRecord.Status, String) {
    if index.packetCount < header.leastPackets {
      return (
        .short, "\(index.frameCount) of \(header.claimedFrames) promised frames are there"
      )
    }
    if index.frameCount < clipFrames {
      return (.short, "\(index.frameCount) frames, fewer than a clip's \(clipFrames)")
    }
    return (.good, index.isDamaged ? "damaged in places" : "")
  }

  /// SHA-256 of a range of a file.
  private static func hash(of file: borrowing PlainFile, _ bytes: Range<Int>) throws(VideoError)
    -> String
  {
    var hash = ContentHash()
    var place = bytes.lowerBound
    while place < bytes.upperBound {
      let part = try file.bytes(at: place, count: min(1 << 20, bytes.upperBound - place))
      hash.update(part)
      place += part.count
    }
    return hash.hexadecimal
  }
}
