/// A decoded video as an entry of a store: its frames lie in a mapped file.
///
/// The file starts with a header of 128 bytes, little-endian: the format's name (16 bytes), the key (32
/// bytes), frames, width, height and the pixels' checksum (8 bytes each), the checksum of all that (8
/// bytes), zeros. Then come T·H·W·3 bytes of RGB.
struct StoredVideo: Sendable {
  /// The number of frames, T; at least 1.
  let frameCount: Int
  /// The size of every frame.
  let size: PixelSize
  private let file: MappedFile

  private static let format = Array("kindreel frames1".utf8)
  private static let headerLength = 128
  private static let checkedLength = 80

  /// The bytes of an entry's file.
  static func length(of video: DecodedVideo) -> Int { headerLength + video.pixels.count }

  /// The header of an entry.
  static func header(of video: DecodedVideo, as key: FrameKey) -> [UInt8] {
    var bytes = format + digest(key)
    for number in [video.frameCount, video.size.width, video.size.height] {
      bytes += littleEndian(UInt64(number))
    }
    bytes += littleEndian(Checksum.of(video.pixels))
    bytes += littleEndian(Checksum.of(bytes))
    return bytes + [UInt8](repeating: 0, count: headerLength - bytes.count)
  }

  /// Reads an entry's file through once; nil where it is cut, damaged, or another key's.
  init?(_ file: MappedFile, for key: FrameKey) {
    let header = file.prefix(Self.headerLength)
    guard header.count == Self.headerLength, header.starts(with: Self.format + Self.digest(key)),
      Checksum.of(Array(header[..<Self.checkedLength]))
        == Self.number(header, at: Self.checkedLength)
    else { return nil }
    let extents = [48, 56, 64].map { Self.number(header, at: $0) }
    guard extents.allSatisfy({ (1...1 << 24).contains($0) }) else { return nil }
    let (frames, width, height) = (Int(extents[0]), Int(extents[1]), Int(extents[2]))
    let (length, overflow) = (width * height * 3).multipliedReportingOverflow(by: frames)
    guard !overflow, length == file.count - Self.headerLength,
      file.checksum(from: Self.headerLength) == Self.number(header, at: 72)
    else { return nil }
    frameCount = frames
    size = PixelSize(width: width, height: height)
    self.file = file
  }

  /// Copies a window's frames, T·H·W·3; an index past the end wraps around.
  func frames(_ window: ClipWindow) -> [UInt8] {
    let frameBytes = size.width * size.height * 3
    var clip: [UInt8] = []
    clip.reserveCapacity(window.frames * frameBytes)
    for place in 0..<window.frames {
      let start =
        Self.headerLength + window.index(place, wrappingAt: frameCount) * frameBytes
      file.append(start..<start + frameBytes, to: &clip)
    }
    return clip
  }

  /// All frames, copied into memory.
  var decoded: DecodedVideo {
    DecodedVideo(
      frameCount: frameCount, size: size,
      pixels: frames(ClipWindow(start: 0, frames: frameCount, stride: 1)))
  }

  private static func digest(_ key: FrameKey) -> [UInt8] {
    let digits = Array(key.name)
    return stride(from: 0, to: digits.count, by: 2).map { place in
      UInt8(String(digits[place...place + 1]), radix: 16) ?? 0
    }
  }

  private static func littleEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func number(_ bytes: [UInt8], at start: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * $1) }
  }
}
