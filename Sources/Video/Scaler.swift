// `unsafe` is sound here because the scaler is made, used and freed by its one owner, and is made
// again whenever the pictures' shape, format or colours change.
internal import CLibAV

/// Turns decoded pictures of any pixel format into RGB of one size.
///
/// Bilinear with exact rounding, so that equal pictures give equal bytes. The colour matrix and the
/// range are those that the stream declares. Where a picture shrinks both ways, red, green and blue
/// are made in planes and then interleaved: the same bytes in a third of the time, because libav's
/// vector code writes planes alone. (In other cases its two ways differ by one.)
@safe struct Scaler: ~Copyable {
  /// What a libav scaler is made for.
  private struct Job: Equatable {
    var source: PixelSize
    var target: PixelSize
    var format: Int32
    var colours: UInt32
    var range: UInt32
  }

  private let path: String
  private var job: Job?
  private var context: UnsafeMutableRawPointer?
  private var output: Picture

  init(for path: String) throws(VideoError) {
    let output = try Picture(for: path)
    self.path = path
    unsafe context = nil
    self.output = output
  }

  deinit { unsafe clibav_scaler_free(context) }

  /// Scales a picture, or the part of it in `crop` (stored coordinates), into the H·W·3 bytes from `start` on.
  ///
  /// - Parameters:
  ///   - target: the size before it is turned as displayed.
  mutating func scale(
    _ picture: borrowing Picture, crop: CropRectangle?, to target: PixelSize,
    turned orientation: Orientation, into bytes: inout [UInt8], at start: Int
  ) throws(VideoError) {
    if let crop {
      let part = try Picture(showing: crop, of: picture, for: path)
      try prepare(for: part, to: target)
      try LibAV.check(unsafe clibav_scaler_run(context, output.frame, part.frame), path)
    } else {
      try prepare(for: picture, to: target)
      try LibAV.check(unsafe clibav_scaler_run(context, output.frame, picture.frame), path)
    }
    output.copy(to: &bytes, at: start, turned: orientation)
  }

  private mutating func prepare(for picture: borrowing Picture, to target: PixelSize)
    throws(VideoError)
  {
    let wanted = unsafe Job(
      source: picture.size, target: target, format: picture.frame.pointee.format,
      colours: picture.frame.pointee.colorspace.rawValue,
      range: picture.frame.pointee.color_range.rawValue)
    if job == wanted { return }
    let packing: Picture.Packing =
      target.width < wanted.source.width && target.height < wanted.source.height
      ? .planar : .interleaved
    output = try Picture(rgb: target, packing, for: path)
    unsafe clibav_scaler_free(context)
    job = nil
    unsafe context = clibav_scaler(
      Int32(wanted.source.width), Int32(wanted.source.height), wanted.format,
      Int32(target.width), Int32(target.height), packing.format)
    guard unsafe context != nil else {
      throw VideoError(
        path: path, reason: LibAV.complaint ?? "pixel format \(wanted.format) cannot be converted")
    }
    if isLumaAndChroma(wanted.format) {
      try LibAV.check(
        unsafe clibav_scaler_colours(context, Int32(wanted.colours), Int32(wanted.range)), path)
    }
    job = wanted
  }

  /// Whether a format has a colour matrix and a range at all: three components that are not RGB.
  private func isLumaAndChroma(_ format: Int32) -> Bool {
    guard let description = unsafe av_pix_fmt_desc_get(AVPixelFormat(format)) else { return false }
    let flags = unsafe description.pointee.flags
    return unsafe description.pointee.nb_components >= 3 && flags & UInt64(AV_PIX_FMT_FLAG_RGB) == 0
  }
}
