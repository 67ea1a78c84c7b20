// `unsafe` is sound here because the encoder's context and packet are freed once, when the call ends,
// and bytes are copied out of the packet before that.
internal import CLibAV

/// Pictures as PNG files, by libavcodec's encoder: the same bytes for the same pixels.
public enum PNG {
  /// Encodes H·W·3 bytes of RGB.
  ///
  /// - Throws: when this libavcodec has no PNG encoder.
  public static func encode(_ pixels: [UInt8], of size: PixelSize) throws(VideoError) -> [UInt8] {
    precondition(
      pixels.count == size.width * size.height * 3 && size.width > 0 && size.height > 0,
      "\(pixels.count) bytes for \(size)")
    LibAV.listen()
    guard let encoder = unsafe avcodec_find_encoder(AV_CODEC_ID_PNG) else {
      throw VideoError(path: "PNG", reason: "this libavcodec cannot encode it")
    }
    var ownContext = unsafe avcodec_alloc_context3(encoder)
    var ownPacket = unsafe av_packet_alloc()
    defer {
      unsafe avcodec_free_context(&ownContext)
      unsafe av_packet_free(&ownPacket)
    }
    guard let context = unsafe ownContext, let packet = unsafe ownPacket else {
      throw VideoError(path: "PNG", reason: "no memory for an encoder")
    }
    unsafe context.pointee.width = Int32(size.width)
    unsafe context.pointee.height = Int32(size.height)
    unsafe context.pointee.pix_fmt = AV_PIX_FMT_RGB24
    unsafe context.pointee.time_base = AVRational(num: 1, den: 1)
    unsafe context.pointee.thread_count = 1
    try LibAV.check(unsafe avcodec_open2(context, encoder, nil), "PNG")
    let picture = try Picture(rgb: size, .interleaved, for: "PNG")
    picture.fill(with: pixels)
    try LibAV.check(unsafe avcodec_send_frame(context, picture.frame), "PNG")
    try LibAV.check(unsafe avcodec_receive_packet(context, packet), "PNG")
    return unsafe Array(
      UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
  }
}
