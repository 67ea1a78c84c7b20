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

  /// Creates an RGB picture with memory of its own, rows padded to 64 bytes.
  init(rgb size: PixelSize, for path: String) throws(VideoError) {
    let picture = try Picture(for: path)
    unsafe picture.frame.pointee.format = AV_PIX_FMT_RGB24.rawValue
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
    guard let base = unsafe frame.pointee.data.0 else { return }
    let rowBytes = unsafe Int(frame.pointee.linesize.0)
    unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      guard let out = bytes.baseAddress else { return }
      for y in 0..<shown.height {
        let row = unsafe out + start + y * shown.width * 3
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
  }
}
