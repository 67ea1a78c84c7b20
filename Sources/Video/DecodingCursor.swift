/// A place in a video where decoding stands: an open container, and a decoder that has seen all that it
/// needs to go on from there.
///
/// A frame's index is its place among all frames of the file; a cursor knows the index of what it gives.
final class DecodingCursor {
  private(set) var container: Container
  private(set) var decoder: Decoder
  /// Whether nothing was read since it was opened.
  private(set) var isAtBeginning = true
  /// The index of the next frame that the decoder will give; of all later ones none is gone.
  private(set) var position = 0
  /// After seeking, the start whose frame must come out, until it has.
  private var awaited: DecodingStart?
  /// The pixels that may be decoded in a pass, and those that are left of them.
  private let allowance: Int
  private var allowed = 0

  /// Opens a file, or a range of one, at its first frame.
  ///
  /// - Parameter allowance: the most pixels of a pass; nil for what goes with the file's size.
  init(opening path: String, bytes: Range<Int>?, allowance: Int? = nil) throws(VideoError) {
    let container = try Container(opening: path, bytes: bytes)
    self.allowance = allowance ?? DecodingCursor.allowance(container.length)
    decoder = try Decoder(for: container)
    self.container = container
    beginPass()
  }

  /// Opens the same bytes as another, at their first frame.
  init(beside other: DecodingCursor) throws(VideoError) {
    let container = try Container(again: other.container)
    allowance = other.allowance
    decoder = try Decoder(for: container)
    self.container = container
    beginPass()
  }

  /// The most frames of a file, more than a week at 25 a second.
  private static var mostFrames: Int { 1 << 24 }

  /// The most pixels that are decoded for a file of so many bytes in one pass: a megapixel a byte, a
  /// hundred times what still pictures in H.264 need, and never less than 4 gigapixels.
  static func allowance(_ bytes: Int) -> Int { (1 << 32) + bytes << 20 }

  /// Grants what may be read and decoded until the next pass, in which at first every frame is needed.
  func beginPass() {
    LibAV.listen()
    allowed = allowance
    container.refill()
    decoder.firstNeeded = 0
  }

  /// Frames before this one need not come out.
  func needs(_ frame: Int) { decoder.firstNeeded = frame }

  /// Decodes a frame and returns its index, or nil after the last, and where it is another picture than it
  /// was when everything was decoded.
  func advance(
    knowing index: FrameIndex?, noting log: inout FrameIndex.Log?
  ) throws(VideoError) -> Int? {
    isAtBeginning = false
    while try decoder.advance(reading: &container, knowing: index, noting: &log) {
      let pictureSize = decoder.picture.size
      allowed -= pictureSize.width * pictureSize.height
      guard allowed >= 0, position < DecodingCursor.mostFrames else {
        throw VideoError(
          path: container.path,
          reason:
            "decodes to more than \(allowance) pixels, or to more than "
            + "\(DecodingCursor.mostFrames) frames")
      }
      let packet = decoder.packetOfPicture
      let known = index?.frame(of: packet)
      if let start = awaited {
        guard packet == start.packet else {
          // Pictures before the start's may refer to what was not decoded; none comes after it first.
          guard known ?? -1 < start.frame else { return nil }
          continue
        }
        awaited = nil
        position = start.frame
      }
      let frame = known ?? position
      if frame < 0 { continue }
      guard frame >= position else { return nil }
      if let sums = index?.checksums {
        guard sums.indices.contains(frame), decoder.picture.checksum == sums[frame] else {
          return nil
        }
      }
      position = frame + 1
      return frame
    }
    return nil
  }

  /// Goes to a start, or to an earlier one; false, and at the first frame, where this file cannot be
  /// sought in.
  func seek(to start: DecodingStart, in index: FrameIndex) throws(VideoError) -> Bool {
    isAtBeginning = false
    guard let found = try decoder.seek(to: start, in: &container, knowing: index) else {
      try rewind()
      return false
    }
    position = found.frame
    awaited = found
    return true
  }

  /// Goes back to the first frame by opening the file again: the only way that is exact everywhere.
  func rewind() throws(VideoError) {
    container = try Container(again: container)
    decoder = try Decoder(for: container)
    position = 0
    awaited = nil
    isAtBeginning = true
  }
}
