/// A video file, read frame by frame on the calling thread; not safe to share between threads.
///
/// A frame's index is its place among the frames that really decode, in presentation order; neither
/// header nor time stamps are trusted. A file that is cut off ends where decoding ends.
@safe public struct VideoReader: ~Copyable {
  private let path: String
  private var container: Container
  private var decoder: Decoder
  private var scaler: Scaler
  /// The index of the next frame that the decoder will give.
  private var position = 0
  private var count: Int?

  /// Opens a regular file in one of the usual containers (AVI, MP4, MOV, MKV, WebM, MPEG …).
  ///
  /// - Throws: when the file is missing, a pipe or a device, not a video, a playlist (which could
  ///   open other files), has no video stream, or none that this FFmpeg decodes.
  public init(opening path: String) throws(VideoError) {
    try self.init(opening: path, frameCount: nil)
  }

  /// Opens a file whose number of frames has been found before.
  init(opening path: String, frameCount: Int?) throws(VideoError) {
    let container = try Container(opening: path)
    let decoder = try Decoder(for: container)
    let scaler = try Scaler(for: path)
    self.path = path
    count = frameCount
    self.container = container
    self.decoder = decoder
    self.scaler = scaler
  }

  /// The size of a frame, rotation applied, in stored pixels.
  public var size: PixelSize { container.orientation.turned(container.storedSize) }

  /// The size for a short side of `shortSide` pixels, in the proportions of the display.
  ///
  /// Where pixels are not square (DV, anamorphic DVD) the frame is stretched as a player would.
  public func scaledSize(shortSide: Int) throws(VideoError) -> PixelSize {
    precondition(shortSide >= 1, "a short side of \(shortSide) pixels")
    var shown = container.storedSize
    // Lengths in 64ths of a pixel keep the rounding of a stretched width out of the proportions.
    shown.width = max(1, Int((Double(shown.width) * 64 * (try container.pixelAspect())).rounded()))
    shown.height *= 64
    let scaled = container.orientation.turned(shown).scaled(shortSide: shortSide)
    try checkOutput(scaled)
    return scaled
  }

  /// The number of frames that decode; at least 1.
  ///
  /// The first call decodes the rest of the file.
  /// - Throws: when not a single frame can be decoded.
  public mutating func frameCount() throws(VideoError) -> Int {
    if let count { return count }
    LibAV.listen()
    while try advance() {}
    return try finish()
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
    LibAV.listen()
    let frameBytes = size.width * size.height * 3
    var pixels = [UInt8](repeating: 0, count: window.frames * frameBytes)
    var missing = indices(of: 0..<window.frames, in: window)
    if let first = missing.keys.min(), first < position { try rewind() }
    var ends = 0
    while !missing.isEmpty {
      guard try advance() else {
        _ = try finish()
        ends += 1
        guard ends < 2 else { throw VideoError(path: path, reason: "the file became shorter") }
        missing = indices(of: missing.values.joined(), in: window)
        try rewind()
        continue
      }
      guard let places = missing.removeValue(forKey: position - 1) else { continue }
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
    if position > 0 { try rewind() }
    LibAV.listen()
    let frameBytes = size.width * size.height * 3
    var pixels: [UInt8] = []
    let claimed = min(try container.claimedFrames(), min(limit, 64 << 20) / frameBytes)
    pixels.reserveCapacity(claimed * frameBytes)
    while try advance() {
      guard pixels.count <= limit - frameBytes else {
        pixels = []
        _ = try frameCount()
        return nil
      }
      let start = pixels.count
      pixels.append(contentsOf: repeatElement(0, count: frameBytes))
      try scale(crop: nil, to: size, into: &pixels, at: start)
    }
    return DecodedVideo(frameCount: try finish(), size: size, pixels: pixels)
  }
}

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

  private mutating func advance() throws(VideoError) -> Bool {
    guard try decoder.advance(reading: container) else { return false }
    position += 1
    return true
  }

  /// Notes the number of frames once the end is reached.
  private mutating func finish() throws(VideoError) -> Int {
    guard position > 0 else {
      throw VideoError(path: path, reason: LibAV.complaint ?? "no frame can be decoded")
    }
    count = position
    return position
  }

  /// Goes back to the first frame by opening the file again: the only way that is exact everywhere.
  private mutating func rewind() throws(VideoError) {
    container = try Container(opening: path)
    decoder = try Decoder(for: container)
    position = 0
  }

  private mutating func scale(
    crop: CropRectangle?, to size: PixelSize, into pixels: inout [UInt8], at start: Int
  ) throws(VideoError) {
    let orientation = container.orientation
    let stored = decoder.picture.size
    var part: CropRectangle?
    if let crop {
      part = VideoReader.fit(
        orientation.stored(crop, in: container.storedSize), from: container.storedSize, to: stored)
    }
    try scaler.scale(
      decoder.picture, crop: part, to: orientation.turned(size), turned: orientation,
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
