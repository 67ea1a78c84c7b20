// `unsafe` is sound here because side data belongs to the picture, which is not touched while its
// vectors are copied, and their number follows from its size.
internal import CLibAV

/// Reads the motion vectors that libavcodec finds in a file while decoding it.
///
/// MPEG-4 Part 2 and H.264 carry them (also MPEG-1, -2 and their kin); of other codecs every velocity
/// is zero, and `MotionVideo.silentCodec` names them. Conventions:
///
/// - *Distance.* A vector says whether its block comes from an earlier or a later picture, not from
///   which. It is taken to be the nearest that was decoded before and may serve: an I or P picture, or a
///   B picture that was decoded out of turn (H.264's pyramids). With several references speeds may be
///   off by the true distance.
/// - *B pictures of MPEG-4 Part 2.* libavcodec keeps no vectors of them; they have the velocities of the
///   next P picture, whose vectors span the same frames.
/// - *Intra.* An intra picture repeats the velocities of the frame before it, zeros at the start; an
///   intra block within another picture is zero, and its share of vectors says so.
///
/// The idea and its worth: Huo et al., "Compressed video contrastive learning", NeurIPS 2021 (MVCGC).
struct MotionReader: ~Copyable {
  /// A B picture that waits for the reference after it.
  private struct Waiting {
    var index: Int
    /// The place in the order of decoding: that of its packet.
    var order: Int
    var tally: MotionTally
  }

  private var container: Container
  private var decoder: Decoder
  private let hasOwnB: Bool
  private var video: MotionVideo
  private var waiting: [Waiting] = []
  private var lastReference = 0
  private var index = 0
  private var hasVectors = false

  /// The most bytes that one video's velocities may take while they are read.
  private static let byteLimit = 2 << 30

  /// Opens a file, or a range of one.
  init(opening path: String, bytes: Range<Int>? = nil) throws(VideoError) {
    let container = try Container(opening: path, bytes: bytes)
    let codec = unsafe try container.stream().pointee.codecpar.pointee.codec_id
    let decoder = try Decoder(for: container, exporting: Int32(AV_CODEC_EXPORT_DATA_MVS))
    self.init(
      container, decoder: decoder,
      hasOwnB: [AV_CODEC_ID_H264, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO].contains(codec))
  }

  private init(_ container: consuming Container, decoder: consuming Decoder, hasOwnB: Bool) {
    let (size, cell) = (container.storedSize, MotionVideo.cell)
    self.container = container
    self.decoder = decoder
    self.hasOwnB = hasOwnB
    video = MotionVideo(
      grid: PixelSize(
        width: max(1, (size.width + cell / 2) / cell),
        height: max(1, (size.height + cell / 2) / cell)))
  }

  /// The velocities of the first `limit` frames, or of all, as displayed.
  consuming func read(atMost limit: Int = .max) throws(VideoError) -> MotionVideo {
    var log: FrameIndex.Log?
    while video.frameCount < limit,
      try decoder.advance(reading: &container, knowing: nil, noting: &log)
    {
      take()
      let cells = (video.frameCount + 6 * waiting.count) * video.frameLength
      guard cells * MemoryLayout<Int16>.stride <= Self.byteLimit else {
        throw VideoError(
          path: container.path,
          reason: "its motion vectors would take more than \(Self.byteLimit >> 20) MiB")
      }
    }
    if video.frameCount < limit { settle(before: index, velocities: nil) }
    guard video.frameCount > 0 else {
      throw VideoError(
        path: container.path, reason: LibAV.complaint ?? "no frame can be decoded")
    }
    if !hasVectors && video.frameCount > 1 { video.silentCodec = try container.codec() }
    return video.turned(container.orientation)
  }

  /// Takes in the frame that the decoder holds.
  private mutating func take() {
    defer { index += 1 }
    let frame = unsafe decoder.picture.frame
    let type = unsafe frame.pointee.pict_type
    var tally = MotionTally(grid: video.grid, frame: decoder.picture.size)
    if unsafe Self.add(vectorsOf: frame, to: &tally) { hasVectors = true }
    if type == AV_PICTURE_TYPE_B {
      waiting.append(Waiting(index: index, order: decoder.packetOfPicture, tally: tally))
      return
    }
    let isIntra = type == AV_PICTURE_TYPE_I
    let velocities =
      isIntra ? nil : tally.velocities(before: max(1, index - lastReference), after: 1)
    settle(before: index, velocities: velocities)
    video.append(velocities ?? frameBefore)
    lastReference = index
  }

  /// The velocities of the last frame, zeros at the start.
  private var frameBefore: [Int16] {
    video.frameCount == 0
      ? Array(repeating: 0, count: video.frameLength) : Array(video.cells.suffix(video.frameLength))
  }

  /// Finishes the waiting pictures, now that the next I or P picture is known.
  ///
  /// - Parameter velocities: those of that picture; nil when it is intra, or the file has ended.
  private mutating func settle(before next: Int, velocities: [Int16]?) {
    // Decoded before a B picture that is shown earlier: it serves others. They wait as they are shown.
    var latest = Int.min
    let serving = waiting.filter { picture in
      defer { latest = max(latest, picture.order) }
      return latest > picture.order
    }
    for picture in waiting {
      guard hasOwnB else {
        video.append(velocities ?? frameBefore)
        continue
      }
      let references = serving.filter { $0.order < picture.order }.map(\.index)
      let before = references.filter { $0 < picture.index }.max() ?? lastReference
      let after = references.filter { $0 > picture.index }.min() ?? next
      video.append(
        picture.tally.velocities(
          before: max(1, picture.index - before), after: max(1, after - picture.index)))
    }
    waiting = []
  }

  /// Adds a picture's vectors, and says whether it came with any.
  private static func add(
    vectorsOf frame: UnsafeMutablePointer<AVFrame>, to tally: inout MotionTally
  ) -> Bool {
    guard let side = unsafe av_frame_get_side_data(frame, AV_FRAME_DATA_MOTION_VECTORS),
      let data = unsafe side.pointee.data
    else { return false }
    let count = unsafe Int(side.pointee.size) / MemoryLayout<AVMotionVector>.stride
    let vectors = UnsafeRawPointer(data)
    for place in 0..<count {
      let vector = unsafe vectors.loadUnaligned(
        fromByteOffset: place * MemoryLayout<AVMotionVector>.stride, as: AVMotionVector.self)
      let scale = Float(max(1, vector.motion_scale))
      tally.add(
        MotionTally.Vector(
          isFromLater: vector.source > 0, x: Float(vector.dst_x), y: Float(vector.dst_y),
          width: Float(vector.w), height: Float(vector.h),
          right: Float(vector.motion_x) / scale, down: Float(vector.motion_y) / scale))
    }
    return count > 0
  }
}
