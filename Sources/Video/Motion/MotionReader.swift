// `unsafe` is sound here because side data belongs to the picture, which is not touched while its
// vectors are copied, and their number follows from its size.
internal import CLibAV

/// Reads the motion vectors that libavcodec finds in a file while decoding it.
///
/// MPEG-4 Part 2 and H.264 carry them (also MPEG-1, -2 and their kin); of other codecs every velocity
/// is zero. Conventions:
///
/// - *Distance.* A vector says whether its block comes from an earlier or a later picture, not from
///   which. The earlier one is taken to be the last I or P picture shown before, the later one the next
///   shown after: so it is in MPEG-4, and in H.264 with one reference and no B-pyramid; elsewhere
///   speeds may be off by the true distance.
/// - *Intra.* An intra picture repeats the velocities of the frame before it, zeros at the start; an
///   intra block within another picture is zero, and its share of vectors says so.
///
/// The idea and its worth: Huo et al., "Compressed video contrastive learning", NeurIPS 2021 (MVCGC).
struct MotionReader: ~Copyable {
  private var container: Container
  private var decoder: Decoder
  private var video: MotionVideo
  /// B pictures that wait for the picture after them.
  private var waiting: [(tally: MotionTally, index: Int)] = []
  private var lastAnchor = 0
  private var index = 0

  /// Opens a file.
  init(opening path: String) throws(VideoError) {
    LibAV.listen()
    let container = try Container(opening: path)
    decoder = try Decoder(for: container, exporting: Int32(AV_CODEC_EXPORT_DATA_MVS))
    let size = container.storedSize
    let cell = MotionVideo.cell
    self.container = container
    video = MotionVideo(
      grid: PixelSize(
        width: max(1, (size.width + cell / 2) / cell),
        height: max(1, (size.height + cell / 2) / cell)))
  }

  /// The velocities of the first `limit` frames, or of all, as displayed.
  consuming func read(atMost limit: Int = .max) throws(VideoError) -> MotionVideo {
    while video.frameCount < limit, try decoder.advance(reading: container) { take() }
    if video.frameCount < limit { settle(next: index) }
    guard video.frameCount > 0 else {
      throw VideoError(
        path: container.path, reason: LibAV.complaint ?? "no frame can be decoded")
    }
    return video.turned(container.orientation)
  }

  /// Takes in the frame that the decoder holds.
  private mutating func take() {
    defer { index += 1 }
    let frame = unsafe decoder.picture.frame
    let type = unsafe frame.pointee.pict_type
    var tally = MotionTally(grid: video.grid, frame: decoder.picture.size)
    unsafe Self.add(vectorsOf: frame, to: &tally)
    if type == AV_PICTURE_TYPE_B {
      waiting.append((tally, index))
      return
    }
    settle(next: index)
    if type == AV_PICTURE_TYPE_I {
      let last = video.cells.suffix(video.frameLength)
      video.append(last.isEmpty ? Array(repeating: 0, count: video.frameLength) : Array(last))
    } else {
      video.append(tally.velocities(before: max(1, index - lastAnchor), after: 1))
    }
    lastAnchor = index
  }

  /// Finishes the waiting pictures, now that the place of the next I or P picture is known.
  private mutating func settle(next: Int) {
    for (tally, index) in waiting {
      video.append(
        tally.velocities(before: max(1, index - lastAnchor), after: max(1, next - index)))
    }
    waiting = []
  }

  private static func add(
    vectorsOf frame: UnsafeMutablePointer<AVFrame>, to tally: inout MotionTally
  ) {
    guard let side = unsafe av_frame_get_side_data(frame, AV_FRAME_DATA_MOTION_VECTORS),
      let data = unsafe side.pointee.data
    else { return }
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
  }
}
