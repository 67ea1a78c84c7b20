/// A video file, read frame by frame on the calling thread; not safe to share between threads.
///
/// A frame's index is its place among the frames that really decode from the file's first packet to
/// its last, in presentation order; neither header nor time stamps are trusted. A file that is cut off
/// ends where decoding ends. The first pass over a whole file learns which packet becomes which frame;
/// from then on a window is decoded from the last packet that decoding can start from, and pictures
/// that nobody needs are left out. The bytes are the same either way.
@safe public struct VideoReader: ~Copyable {
  private let path: String
  /// The size of a picture as it is stored, and how it is turned for display.
  private let storedSize: PixelSize
  private let orientation: Orientation
  private var cursors: CursorSet
  private var scaler: Scaler
  private var count: Int?
  /// What is known of the whole file.
  private(set) var index: FrameIndex?
  /// Notes for the index, while the file is decoded from its start for the first time.
  private var log: FrameIndex.Log?

  /// Opens a regular file in one of the usual containers (AVI, MP4, MOV, MKV, WebM, MPEG …).
  ///
  /// - Throws: when the file is missing, a pipe or a device, not a video, a playlist (which could
  ///   open other files), has no video stream, or none that this FFmpeg decodes.
  public init(opening path: String) throws(VideoError) {
    try self.init(opening: path, bytes: nil, index: nil)
  }

  /// Opens a sample's file, or its part of one.
  public init(opening sample: Sample) throws(VideoError) {
    try self.init(opening: sample.path, bytes: sample.bytes, index: nil)
  }

  /// Opens a file, or a range of one, of which everything may be known already.
  ///
  /// - Parameter allowance: the most pixels that are decoded in a pass; nil for what goes with the size.
  init(
    opening path: String, bytes: Range<Int>?, index: FrameIndex?, allowance: Int? = nil
  ) throws(VideoError) {
    let cursors = try CursorSet(opening: path, bytes: bytes, allowance: allowance)
    let scaler = Scaler(for: path)
    self.path = path
    storedSize = cursors.current.container.storedSize
    orientation = cursors.current.container.orientation
    count = index?.frameCount
    self.index = index
    log = index == nil ? FrameIndex.Log() : nil
    self.cursors = cursors
    self.scaler = scaler
  }

  /// The size of a frame, rotation applied, in stored pixels.
  public var size: PixelSize { orientation.turned(storedSize) }

  /// The size for a short side of `shortSide` pixels, in the proportions of the display.
  ///
  /// Where pixels are not square (DV, anamorphic DVD) the frame is stretched as a player would.
  public func scaledSize(shortSide: Int) throws(VideoError) -> PixelSize {
    precondition(shortSide >= 1, "a short side of \(shortSide) pixels")
    var shown = storedSize
    let aspect = try cursors.current.container.pixelAspect()
    // Lengths in 64ths of a pixel keep the rounding of a stretched width out of the proportions.
    shown.width = max(1, Int((Double(shown.width) * 64 * aspect).rounded()))
    shown.height *= 64
    let scaled = orientation.turned(shown).scaled(shortSide: shortSide)
    try checkOutput(scaled)
    return scaled
  }

  /// The number of frames that decode; at least 1.
  ///
  /// The first call decodes the whole file, unless that was done before.
  /// - Throws: when not a single frame can be decoded.
  public mutating func frameCount() throws(VideoError) -> Int {
    if let count { return count }
    cursors.beginPass()
    while try advance() != nil {}
    return try finish()
  }

  /// Which packet becomes which frame, for which the whole file is decoded unless that was done before.
  mutating func wholeIndex() throws(VideoError) -> FrameIndex {
    _ = try frameCount()
    guard let index else { preconditionFailure("frames were counted without an index") }
    return index
  }

  /// What the header tells, beside what decoding found.
  func describe() throws(VideoError) -> VideoHeader {
    try VideoHeader(of: cursors.current.container)
  }

  /// Reads the frames of a window, cropped and scaled, as T·H·W·3 bytes of RGB.
  ///
  /// - Parameters:
  ///   - window: which frames; an index past the end wraps around.
  ///   - crop: a part of the frame in the coordinates of `size`, or nil for the whole frame.
  ///   - size: the height and the width of the result.
  /// - Throws: when nothing decodes, or the rectangle is not inside the frame.
  public mutating func read(
    _ window: ClipWindow, crop: CropRectangle?, scaledTo size: PixelSize
  ) throws(VideoError) -> [UInt8] {
    try checkOutput(size)
    if let crop, !crop.isInside(self.size) {
      throw VideoError(path: path, reason: "\(crop) is not inside \(self.size)")
    }
    cursors.beginPass()
    let frameBytes = size.width * size.height * 3
    var pixels = [UInt8](repeating: 0, count: window.frames * frameBytes)
    var missing = indices(of: 0..<window.frames, in: window)
    var retries = Retries()
    while let next = missing.keys.min() {
      try approach(next, &retries)
      guard let frame = try advance() else {
        if log != nil {
          _ = try finish()
          missing = indices(of: missing.values.joined(), in: window)
          try retries.fail(path)
          try rewind()
        } else {
          try countFromFirst(&retries)
        }
        continue
      }
      guard let places = missing.removeValue(forKey: frame) else { continue }
      try scale(crop: crop, to: size, into: &pixels, at: places[0] * frameBytes)
      for place in places.dropFirst() {
        let source = pixels[places[0] * frameBytes..<(places[0] + 1) * frameBytes]
        pixels.replaceSubrange(place * frameBytes..<(place + 1) * frameBytes, with: source)
      }
    }
    return pixels
  }

  /// Decodes every frame once, scaled so that the short side has `shortSide` pixels.
  ///
  /// - Throws: when nothing decodes.
  public mutating func readAll(shortSide: Int) throws(VideoError) -> DecodedVideo {
    guard let video = try readAll(shortSide: shortSide, atMost: .max) else {
      throw VideoError(path: path, reason: "too large to decode at once")
    }
    return video
  }

  /// Decodes every frame as long as the result takes at most `limit` bytes; beyond, the frames are
  /// only counted, and the result is nil.
  mutating func readAll(shortSide: Int, atMost limit: Int) throws(VideoError) -> DecodedVideo? {
    let size = try scaledSize(shortSide: shortSide)
    try rewind()
    cursors.beginPass()
    let frameBytes = size.width * size.height * 3
    var pixels: [UInt8] = []
    let claimed = min(
      try cursors.current.container.claimedFrames(), min(limit, 64 << 20) / frameBytes)
    pixels.reserveCapacity(claimed * frameBytes)
    while try advance() != nil {
      guard pixels.count <= limit - frameBytes else {
        pixels = []
        _ = try frameCount()
        return nil
      }
      let start = pixels.count
      pixels.append(contentsOf: repeatElement(0, count: frameBytes))
      try scale(crop: nil, to: size, into: &pixels, at: start)
    }
    let frames = try finish()
    guard pixels.count == frames * frameBytes else {
      throw VideoError(path: path, reason: VideoReader.changed)
    }
    return DecodedVideo(frameCount: frames, size: size, pixels: pixels)
  }
}

// MARK: - Frame by frame

extension VideoReader {
  private static var changed: String { "the file has changed since it was opened" }

  /// What a window has cost so far.
  private struct Retries {
    /// The frame that was last gone back for.
    var sought: Int?
    /// How often the end was reached, or a frame did not come, before all were found.
    private var failures = 0

    mutating func fail(_ path: String) throws(VideoError) {
      failures += 1
      guard failures < 4 else { throw VideoError(path: path, reason: VideoReader.changed) }
    }
  }

  /// Makes sure that a frame is still to come, from the place that is nearest.
  private mutating func approach(_ frame: Int, _ retries: inout Retries) throws(VideoError) {
    defer { cursors.current.needs(frame) }
    if retries.sought == frame {
      if cursors.current.position > frame { try countFromFirst(&retries) }
      return
    }
    let start = index?.start(before: frame)
    if cursors.goOn(to: frame, from: start) { return }
    retries.sought = frame
    if let start, let index {
      if try cursors.go(to: start, in: index) { return }
      self.index = index.without(pairs: false)
    }
    try rewind()
  }

  /// Goes back because a frame did not come that should have: from here on every frame is counted.
  private mutating func countFromFirst(_ retries: inout Retries) throws(VideoError) {
    try retries.fail(path)
    index = index?.without(pairs: true)
    try cursors.startOver()
    if index == nil { log = FrameIndex.Log() }
  }

  /// Decodes a frame and returns its index, or nil after the last.
  private mutating func advance() throws(VideoError) -> Int? {
    try cursors.current.advance(knowing: index, noting: &log)
  }

  /// Goes back to the first frame.
  private mutating func rewind() throws(VideoError) {
    if cursors.current.isAtBeginning { return }
    try cursors.rewind(knowing: index)
    if index == nil { log = FrameIndex.Log() }
  }

  /// Notes the number of frames once the end is reached.
  private mutating func finish() throws(VideoError) -> Int {
    if let log {
      guard cursors.current.position > 0 else {
        throw VideoError(path: path, reason: LibAV.complaint ?? "no frame can be decoded")
      }
      index = log.index(splitsPackets: cursors.current.container.isElementaryStream)
      self.log = nil
    }
    let all = count ?? cursors.current.position
    count = all
    return all
  }
}

// MARK: - Scaling

extension VideoReader {
  /// The most pixels of a scaled frame.
  private static var mostOutputPixels: Int { 1 << 26 }

  private func checkOutput(_ size: PixelSize) throws(VideoError) {
    let most = VideoReader.mostOutputPixels
    guard size.width > 0, size.height > 0, size.width <= most, size.height <= most / size.width
    else {
      throw VideoError(path: path, reason: "cannot be scaled to \(size.width)×\(size.height)")
    }
  }

  /// The frames of the video that stand at some places of a clip, each with those places.
  private func indices(of places: some Sequence<Int>, in window: ClipWindow) -> [Int: [Int]] {
    Dictionary(grouping: places) { window.index($0, wrappingAt: count ?? .max) }
  }

  private mutating func scale(
    crop: CropRectangle?, to size: PixelSize, into pixels: inout [UInt8], at start: Int
  ) throws(VideoError) {
    let stored = cursors.current.decoder.picture.size
    var part: CropRectangle?
    if let crop {
      part = VideoReader.fit(
        orientation.stored(crop, in: storedSize), from: storedSize, to: stored)
    }
    try scaler.scale(
      cursors.current.decoder.picture, crop: part, to: orientation.turned(size),
      turned: orientation,
      into: &pixels, at: start)
  }

  /// A rectangle in a frame that has another size than the header told.
  private static func fit(
    _ crop: CropRectangle, from claimed: PixelSize, to real: PixelSize
  ) -> CropRectangle {
    if claimed == real { return crop }
    let x = crop.x * real.width / claimed.width
    let y = crop.y * real.height / claimed.height
    return CropRectangle(
      x: x, y: y, width: max(1, min(real.width - x, crop.width * real.width / claimed.width)),
      height: max(1, min(real.height - y, crop.height * real.height / claimed.height)))
  }
}
