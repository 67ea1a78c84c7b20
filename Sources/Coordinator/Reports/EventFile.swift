import Foundation
internal import Tensors

/// Scalars in the format that TensorBoard reads: TFRecords of `Event` messages.
///
/// A record is the length of its data (8 bytes), the masked checksum of the length (4), the data, and the
/// masked checksum of the data (4), all little-endian. The messages are tensorboard/compat/proto's
/// event.proto and summary.proto; the first one names the version, "brain.Event:2".
struct EventFile {
  /// The records so far.
  private(set) var bytes: [UInt8] = []

  /// Starts a file.
  ///
  /// - Parameter time: seconds since 1970.
  init(time: Double) {
    var event = Message()
    event.double(1, time)
    event.bytes(3, Array("brain.Event:2".utf8))
    append(event)
  }

  /// Adds the scalars of a step, by name.
  mutating func append(step: Int, time: Double, _ scalars: [(tag: String, value: Double)]) {
    var summary = Message()
    for scalar in scalars {
      var value = Message()
      value.bytes(1, Array(scalar.tag.utf8))
      value.float(2, Float(scalar.value))
      summary.bytes(1, value.encoded)
    }
    var event = Message()
    event.double(1, time)
    event.integer(2, step)
    event.bytes(5, summary.encoded)
    append(event)
  }

  private mutating func append(_ event: Message) {
    let length = littleEndian(UInt64(event.encoded.count))
    bytes += length + littleEndian(CRC32C.masked(length))
    bytes += event.encoded + littleEndian(CRC32C.masked(event.encoded))
  }
}

/// A protocol buffer message, field after field.
private struct Message {
  private(set) var encoded: [UInt8] = []

  private mutating func key(_ field: Int, wire: Int) { varint(UInt64(field << 3 | wire)) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      encoded.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    encoded.append(UInt8(rest))
  }

  mutating func integer(_ field: Int, _ value: Int) {
    key(field, wire: 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func double(_ field: Int, _ value: Double) {
    key(field, wire: 1)
    encoded += littleEndian(value.bitPattern)
  }

  mutating func float(_ field: Int, _ value: Float) {
    key(field, wire: 5)
    encoded += littleEndian(value.bitPattern)
  }

  mutating func bytes(_ field: Int, _ value: [UInt8]) {
    key(field, wire: 2)
    varint(UInt64(value.count))
    encoded += value
  }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

extension MetricsFile {
  /// The name of the only file that kindreel writes into a TensorBoard directory.
  static let eventsName = "events.out.tfevents.0.kindreel"

  /// The figures of all lines as TensorBoard reads them, by the steps of the run.
  var events: EventFile {
    var file = EventFile(time: lines.first?.time ?? 0)
    for line in lines {
      file.append(step: line.step, time: line.time, line.scalars)
    }
    return file
  }

  /// Writes `events` into a directory, which is made where it is missing.
  ///
  /// The same lines give the same bytes, and more lines are added to the same file, so a TensorBoard
  /// that has it open goes on where it was.
  ///
  /// - Throws: `FileError`.
  public func writeEvents(to directory: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw FileError(directory, "cannot be made: \(error.localizedDescription)", fault: .output)
    }
    let (path, bytes) = (directory + "/" + Self.eventsName, Data(events.bytes))
    guard let old = FileManager.default.contents(atPath: path), bytes.starts(with: old),
      let file = FileHandle(forUpdatingAtPath: path)
    else { return try AtomicFile.write(bytes, to: path) }
    do {
      // Not the end: who else adds the same lines writes the same bytes.
      try file.seek(toOffset: UInt64(old.count))
      try file.write(contentsOf: bytes.dropFirst(old.count))
      try file.synchronize()
      try file.close()
    } catch {
      throw FileError(
        path, "cannot be added to: \(error.localizedDescription)", fault: .output)
    }
  }
}
