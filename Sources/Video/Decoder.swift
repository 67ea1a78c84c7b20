// `unsafe` is sound here because context and packet are allocated by the initialiser, never change
// their addresses, and are freed once, with their one owner.
internal import CLibAV

/// Turns packets into pictures, in presentation order, on the calling thread.
@safe struct Decoder: ~Copyable {
  /// The picture decoded last.
  let picture: Picture
  private let path: String
  private let context: UnsafeMutablePointer<AVCodecContext>
  private let packet: UnsafeMutablePointer<AVPacket>
  private var draining: Bool

  /// Opens the decoder of a container's video stream.
  ///
  /// - Parameter sideData: what comes with each picture, of libavcodec's `AV_CODEC_EXPORT_DATA_…`.
  init(for container: borrowing Container, exporting sideData: Int32 = 0) throws(VideoError) {
    let path = container.path
    let stream = unsafe try container.stream()
    let codec = unsafe stream.pointee.codecpar.pointee.codec_id
    guard let decoder = unsafe avcodec_find_decoder(codec) else {
      let name = unsafe String(cString: avcodec_get_name(codec))
      throw VideoError(path: path, reason: "no decoder for \(name)")
    }
    let picture = try Picture(for: path)
    guard let context = unsafe avcodec_alloc_context3(decoder) else {
      throw VideoError(path: path, reason: "no memory for a decoder")
    }
    guard let packet = unsafe av_packet_alloc() else {
      var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
      unsafe avcodec_free_context(&context)
      throw VideoError(path: path, reason: "no memory for a packet")
    }
    let opened = unsafe Decoder(owning: context, packet, picture, path)
    try LibAV.check(
      unsafe avcodec_parameters_to_context(context, stream.pointee.codecpar), path)
    unsafe context.pointee.pkt_timebase = stream.pointee.time_base
    unsafe context.pointee.thread_count = 1
    unsafe context.pointee.export_side_data |= sideData
    unsafe context.pointee.max_pixels = Int64(LibAV.mostPixels)
    try LibAV.check(unsafe avcodec_open2(context, decoder, nil), path)
    self = opened
  }

  private init(
    owning context: UnsafeMutablePointer<AVCodecContext>, _ packet: UnsafeMutablePointer<AVPacket>,
    _ picture: consuming Picture, _ path: String
  ) {
    self.picture = picture
    self.path = path
    unsafe self.context = context
    unsafe self.packet = packet
    draining = false
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
    unsafe av_packet_free(&packet)
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
    unsafe avcodec_free_context(&context)
  }

  /// Decodes the next picture, and returns false after the last.
  ///
  /// What cannot be decoded in a damaged file is skipped; only what comes out is a frame.
  mutating func advance(reading container: borrowing Container) throws(VideoError) -> Bool {
    while true {
      let code = unsafe avcodec_receive_frame(context, picture.frame)
      if code >= 0 { return true }
      if code == LibAV.end { return false }
      if code == LibAV.outOfMemory { throw VideoError(path: path, reason: LibAV.reason(code)) }
      if code == LibAV.again { try feed(from: container) }
    }
  }

  private mutating func feed(from container: borrowing Container) throws(VideoError) {
    if draining { throw VideoError(path: path, reason: "the decoder asks for more after the end") }
    draining = unsafe try !container.next(packet)
    let code = unsafe avcodec_send_packet(context, draining ? nil : packet)
    unsafe av_packet_unref(packet)
    if code == LibAV.outOfMemory { throw VideoError(path: path, reason: LibAV.reason(code)) }
  }
}
