// `unsafe` is sound here because the frame is allocated by the initialiser, never changes its
// address, and is freed once, with its one owner.
internal import CLibAV

/// One libav frame: a decoded picture, or the memory that a picture is scaled into.
@safe struct Picture: ~Copyable {
  let frame: UnsafeMutablePointer<AVFrame>

  /// Creates an empty picture.
  init(for path: String) throws(VideoError) {
    guard let frame = unsafe av_frame_alloc() else {
      throw VideoError(path: path, reason: "no memory for a frame")
    }
    unsafe self.frame = frame
  }

  /// How red, green and blue lie in memory.
  enum Packing: Sendable {
    /// Side by side.
    case interleaved
    /// In planes of their own.
    case planar

    var format: Int32 {
      switch self {
      case .interleaved: AV_PIX_FMT_RGB24.rawValue
      case .planar: AV_PIX_FMT_GBRP.rawValue
      }
    }
  }

  /// Creates an RGB picture with memory of its own, rows padded to 64 bytes.
  init(rgb size: PixelSize, _ packing: Packing, for path: String) throws(VideoError) {
    let picture = try Picture(for: path)
    unsafe picture.frame.pointee.format = packing.format
    unsafe picture.frame.pointee.width = Int32(size.width)
    unsafe picture.frame.pointee.height = Int32(size.height)
    try LibAV.check(unsafe av_frame_get_buffer(picture.frame, 64), path)
    self = picture
  }

  /// Creates a view of a part of another picture; where chroma is coarser than luma, the chroma
  /// sample that covers the corner is the first.
  init(showing crop: CropRectangle, of whole: borrowing Picture, for path: String)
    throws(VideoError)
  {
    let part = try Picture(for: path)
    try LibAV.check(unsafe av_frame_ref(part.frame, whole.frame), path)
    unsafe part.frame.pointee.crop_left = crop.x
    unsafe part.frame.pointee.crop_top = crop.y
    unsafe part.frame.pointee.crop_right = whole.size.width - crop.x - crop.width
    unsafe part.frame.pointee.crop_bottom = whole.size.height - crop.y - crop.height
    try LibAV.check(
      unsafe av_frame_apply_cropping(part.frame, Int32(AV_FRAME_CROP_UNALIGNED)), path)
    self = part
  }

  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = unsafe frame
    unsafe av_frame_free(&frame)
  }

  /// The stored size.
  var size: PixelSize {
    unsafe PixelSize(width: Int(frame.pointee.width), height: Int(frame.pointee.height))
  }

  /// A checksum of two rows of eight as decoded, one of each field, without what pads them, and of a
  /// palette.
  ///
  /// No block of a codec is lower, so what a decoder makes up for a lost reference shows.
  var checksum: UInt32 {
    let format = unsafe AVPixelFormat(frame.pointee.format)
    guard let layout = unsafe av_pix_fmt_desc_get(format) else { return 0 }
    let planes = unsafe [
      frame.pointee.data.0, frame.pointee.data.1, frame.pointee.data.2, frame.pointee.data.3,
    ]
    let strides = unsafe [
      frame.pointee.linesize.0, frame.pointee.linesize.1, frame.pointee.linesize.2,
      frame.pointee.linesize.3,
    ]
    var rows: [UInt64] = []
    for plane in 0..<max(0, min(4, Int(av_pix_fmt_count_planes(format)))) {
      guard let first = unsafe planes[plane] else { continue }
      let shrink = plane == 1 || plane == 2 ? unsafe Int(layout.pointee.log2_chroma_h) : 0
      let length = Int(av_image_get_linesize(format, unsafe frame.pointee.width, Int32(plane)))
      let height = (size.height + (1 << shrink) - 1) >> shrink
      for y in stride(from: 0, to: height, by: 4) {
        let row = unsafe first + min(y + (y >> 2 & 1), height - 1) * Int(strides[plane])
        rows.append(unsafe Checksum.of(UnsafeRawBufferPointer(start: row, count: max(0, length))))
      }
    }
    let hasPalette = unsafe layout.pointee.flags & UInt64(AV_PIX_FMT_FLAG_PAL) != 0
    if hasPalette, let palette = unsafe planes[1] {
      rows.append(unsafe Checksum.of(UnsafeRawBufferPointer(start: palette, count: 1024)))
    }
    let sum = unsafe rows.withUnsafeBytes { unsafe Checksum.of($0) }
    return UInt32(truncatingIfNeeded: sum ^ sum >> 32)
  }

  /// Copies H·W·3 bytes into an RGB picture of that size.
  func fill(with bytes: [UInt8]) {
    let size = size
    precondition(bytes.count == size.width * size.height * 3, "\(bytes.count) bytes for \(size)")
    guard let base = unsafe frame.pointee.data.0 else { return }
    let rowBytes = unsafe Int(frame.pointee.linesize.0)
    unsafe bytes.withUnsafeBufferPointer { bytes in
      guard let source = bytes.baseAddress else { return }
      for y in 0..<size.height {
        let row = unsafe source + y * size.width * 3
        unsafe (base + y * rowBytes).update(from: row, count: size.width * 3)
      }
    }
  }

  /// Copies an RGB picture, turned as displayed, to the H·W·3 bytes from `start` on.
  func copy(to bytes: inout [UInt8], at start: Int, turned orientation: Orientation) {
    let stored = size
    let shown = orientation.turned(stored)
    let end = start + shown.width * shown.height * 3
    precondition(start >= 0 && end <= bytes.count, "\(bytes.count) bytes are too few for \(end)")
    unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      guard let out = bytes.baseAddress else { return }
      if unsafe frame.pointee.format == Packing.planar.format {
        unsafe interleave(into: out + start, orientation, stored, shown)
      } else {
        unsafe copyRows(into: out + start, orientation, stored, shown)
      }
    }
  }

  private func copyRows(
    into out: UnsafeMutablePointer<UInt8>, _ orientation: Orientation, _ stored: PixelSize,
    _ shown: PixelSize
  ) {
    guard let base = unsafe frame.pointee.data.0 else { return }
    let rowBytes = unsafe Int(frame.pointee.linesize.0)
    for y in 0..<shown.height {
      let row = unsafe out + y * shown.width * 3
      if orientation == .upright {
        unsafe row.update(from: base + y * rowBytes, count: shown.width * 3)
        continue
      }
      for x in 0..<shown.width {
        let place = orientation.stored(x: x, y: y, in: stored)
        unsafe (row + x * 3).update(from: base + place.y * rowBytes + place.x * 3, count: 3)
      }
    }
  }

  /// The planes are green, blue, red, each with rows as long.
  private func interleave(
    into out: UnsafeMutablePointer<UInt8>, _ orientation: Orientation, _ stored: PixelSize,
    _ shown: PixelSize
  ) {
    guard let green = unsafe frame.pointee.data.0, let blue = unsafe frame.pointee.data.1,
      let red = unsafe frame.pointee.data.2
    else { return }
    let (greenRow, blueRow, redRow) = unsafe (
      Int(frame.pointee.linesize.0), Int(frame.pointee.linesize.1), Int(frame.pointee.linesize.2)
    )
    for y in 0..<shown.height {
      let row = unsafe out + y * shown.width * 3
      if orientation == .upright {
        let (r, g, b) = unsafe (red + y * redRow, green + y * greenRow, blue + y * blueRow)
        for x in 0..<shown.width {
          unsafe row[x * 3] = r[x]
          unsafe row[x * 3 + 1] = g[x]
          unsafe row[x * 3 + 2] = b[x]
        }
        continue
      }
      for x in 0..<shown.width {
        let place = orientation.stored(x: x, y: y, in: stored)
        unsafe row[x * 3] = red[place.y * redRow + place.x]
        unsafe row[x * 3 + 1] = green[place.y * greenRow + place.x]
        unsafe row[x * 3 + 2] = blue[place.y * blueRow + place.x]
      }
    }
  }
}
