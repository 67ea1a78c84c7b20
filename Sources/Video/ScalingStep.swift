// `unsafe` is sound here because the scaler is made, used and freed by its one owner, and the picture
// that it fills has the size and format that it was made for.
internal import CLibAV

/// A libav scaler for pictures of one size, format and colours, and the picture that it fills.
@safe final class ScalingStep {
  /// What goes in.
  struct Source: Equatable {
    var size: PixelSize
    var format: Int32
    var colours: UInt32
    var range: UInt32

    init(_ picture: borrowing Picture) {
      size = picture.size
      format = unsafe picture.frame.pointee.format
      colours = unsafe picture.frame.pointee.colorspace.rawValue
      range = unsafe picture.frame.pointee.color_range.rawValue
    }
  }

  /// What came out last.
  let output: Picture
  private let path: String
  private let context: UnsafeMutableRawPointer

  init(from source: Source, to target: PixelSize, _ packing: Picture.Packing, for path: String)
    throws(VideoError)
  {
    let size = source.size
    if Self.flags(of: source.format) & UInt64(AV_PIX_FMT_FLAG_BAYER) != 0,
      size.width % 2 != 0 || size.height % 2 != 0
    {
      // libswscale would leave a row or column as it finds it.
      throw VideoError(
        path: path,
        reason: "a Bayer picture of \(size.width)×\(size.height) pixels, whose sides are not even")
    }
    let output = try Picture(rgb: target, packing, for: path)
    guard
      let context = unsafe clibav_scaler(
        Int32(size.width), Int32(size.height), source.format, Int32(target.width),
        Int32(target.height), packing.format)
    else {
      throw VideoError(
        path: path, reason: LibAV.complaint ?? "pixel format \(source.format) cannot be converted")
    }
    self.output = output
    self.path = path
    unsafe self.context = context
    if Self.isLumaAndChroma(source.format) {
      try LibAV.check(
        unsafe clibav_scaler_colours(context, Int32(source.colours), Int32(source.range)), path)
    }
  }

  deinit { unsafe clibav_scaler_free(context) }

  /// Scales a picture such as this was made for.
  func scale(_ picture: borrowing Picture) throws(VideoError) {
    try LibAV.check(unsafe clibav_scaler_run(context, output.frame, picture.frame), path)
  }

  /// Whether a format has a colour matrix and a range at all: three components that are not RGB.
  private static func isLumaAndChroma(_ format: Int32) -> Bool {
    guard let description = unsafe av_pix_fmt_desc_get(AVPixelFormat(format)) else { return false }
    return unsafe description.pointee.nb_components >= 3
      && flags(of: format) & UInt64(AV_PIX_FMT_FLAG_RGB) == 0
  }

  private static func flags(of format: Int32) -> UInt64 {
    guard let description = unsafe av_pix_fmt_desc_get(AVPixelFormat(format)) else { return 0 }
    return unsafe description.pointee.flags
  }
}
