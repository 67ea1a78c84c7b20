// `unsafe` is sound here because context and packet are allocated by the initialiser, never change
// their addresses, and are freed once, with their one owner.
internal import CLibAV

/// Turns packets into pictures, in presentation order, on the calling thread.
@safe struct Decoder: ~Copyable {
  /// The picture decoded last.
  let picture: Picture
  /// Frames before this one need not come out; 0 where all must.
  var firstNeeded: Int
  private let path: String
  private let context: UnsafeMutablePointer<AVCodecContext>
  private let packet: UnsafeMutablePointer<AVPacket>
  private let rule: StartRule
  /// Whether the codec marks pictures that no other refers to, and can leave them out.
  private let knowsDispensable: Bool
  private var holdsPacket: Bool
  private var hasSeenPacket: Bool
  private var draining: Bool
  /// Whether the picture of the last packet may be left out.
  private var leavesOut: Bool

  /// Opens the decoder of a container's video stream.
  ///
  /// - Parameter sideData: what comes with each picture, of libavcodec's `AV_CODEC_EXPORT_DATA_…`.
  init(for container: borrowing Container, exporting sideData: Int32 = 0) throws(VideoError) {
    let path = container.path
    let stream = unsafe try container.stream()
    guard let parameters = unsafe stream.pointee.codecpar else {
      throw VideoError(path: path, reason: "nothing is known about the video stream")
    }
    let codec = unsafe parameters.pointee.codec_id
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
    let opened = unsafe Decoder(
      owning: context, packet, picture, StartRule(for: parameters),
      knowsDispensable: Decoder.markDispensable.contains(codec), path)
    try LibAV.check(unsafe avcodec_parameters_to_context(context, parameters), path)
    unsafe context.pointee.pkt_timebase = stream.pointee.time_base
    unsafe context.pointee.thread_count = 1
    unsafe context.pointee.export_side_data |= sideData
    unsafe context.pointee.max_pixels = Int64(LibAV.mostPixels)
    try LibAV.check(unsafe avcodec_open2(context, decoder, nil), path)
    self = opened
  }

  /// In H.265, AV1 and VP9 "not referred to" depends on layers, so nothing is left out there.
  private static let markDispensable: [AVCodecID] = [
    AV_CODEC_ID_H264, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO,
  ]

  private init(
    owning context: UnsafeMutablePointer<AVCodecContext>, _ packet: UnsafeMutablePointer<AVPacket>,
    _ picture: consuming Picture, _ rule: StartRule, knowsDispensable: Bool, _ path: String
  ) {
    self.picture = picture
    self.path = path
    self.rule = rule
    self.knowsDispensable = knowsDispensable
    firstNeeded = 0
    (holdsPacket, hasSeenPacket, draining, leavesOut) = (false, false, false, false)
    unsafe self.context = context
    unsafe self.packet = packet
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
    unsafe av_packet_free(&packet)
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
    unsafe avcodec_free_context(&context)
  }

  /// The packet that the picture came from, by its place among the video's packets.
  var packetOfPicture: Int { unsafe Int(clibav_tag_of(picture.frame)) }

  /// Decodes the next picture, and returns false after the last.
  ///
  /// What cannot be decoded in a damaged file is skipped; only what comes out is a frame.
  /// - Parameters:
  ///   - index: what is known about the packets, if they were all seen before.
  ///   - log: notes of the packets, if not.
  mutating func advance(
    reading container: inout Container, knowing index: FrameIndex?,
    noting log: inout FrameIndex.Log?
  ) throws(VideoError) -> Bool {
    while true {
      let code = unsafe avcodec_receive_frame(context, picture.frame)
      // Some decoders show what a broken packet left of the picture, and only say so.
      if log != nil, LibAV.hasComplained { log?.isDamaged = true }
      if code >= 0 {
        note(in: &log)
        return true
      }
      if code == LibAV.end { return false }
      if code == LibAV.outOfMemory { throw VideoError(path: path, reason: LibAV.reason(code)) }
      if code == LibAV.again {
        try feed(from: &container, knowing: index, noting: &log)
      } else {
        log?.isDamaged = true
      }
    }
  }

  /// Starts again from the start before a frame, or returns nil where the file cannot be sought in.
  mutating func seek(
    to start: DecodingStart, in container: inout Container, knowing index: FrameIndex
  ) throws(VideoError) -> DecodingStart? {
    if !hasSeenPacket {
      // Some streams tell only in their first packet what the decoder must know of all.
      var none: FrameIndex.Log?
      try feed(from: &container, knowing: nil, noting: &none)
    }
    unsafe avcodec_flush_buffers(context)
    unsafe av_packet_unref(packet)
    (draining, leavesOut) = (false, false)
    let found = unsafe try container.seek(to: start, in: index, packet)
    holdsPacket = found != nil
    return found
  }

  private mutating func feed(
    from container: inout Container, knowing index: FrameIndex?, noting log: inout FrameIndex.Log?
  ) throws(VideoError) {
    if draining { throw VideoError(path: path, reason: "the decoder asks for more after the end") }
    if !holdsPacket { draining = unsafe try !container.next(packet) }
    holdsPacket = false
    if !draining {
      hasSeenPacket = true
      let number = container.packet
      unsafe clibav_tag(context, packet, Int64(number))
      log?.add(packet: number)
      if log != nil, unsafe rule.allows(packet) { log?.add(candidate(number)) }
      unsafe context.pointee.skip_frame =
        isDispensable(number, index) ? AVDISCARD_NONREF : AVDISCARD_DEFAULT
    }
    let code = unsafe avcodec_send_packet(context, draining ? nil : packet)
    unsafe av_packet_unref(packet)
    if code == LibAV.outOfMemory { throw VideoError(path: path, reason: LibAV.reason(code)) }
    if code < 0 { log?.isDamaged = true }
  }

  /// Whether a packet's frame may be left out if no other refers to it.
  private mutating func isDispensable(_ number: Int, _ index: FrameIndex?) -> Bool {
    guard knowsDispensable, let frame = index?.frame(of: number) else { return false }
    // A packet without a frame may be the second field of the one before.
    if frame >= 0 { leavesOut = frame < firstNeeded }
    return leavesOut
  }

  private func candidate(_ number: Int) -> DecodingStart {
    let (shown, decoded) = unsafe (packet.pointee.pts, packet.pointee.dts)
    // Matroska finds packets by when they are shown, most others by when they are decoded.
    var times = [decoded, shown].filter { $0 != Int64.min }
    if times.count == 2, times[0] == times[1] { times.removeLast() }
    return unsafe DecodingStart(
      packet: number, frame: 0, position: Int(packet.pointee.pos), size: Int(packet.pointee.size),
      times: times)
  }

  private func note(in log: inout FrameIndex.Log?) {
    guard log != nil else { return }
    let frame = unsafe picture.frame
    if unsafe frame.pointee.decode_error_flags != 0
      || frame.pointee.flags & Int32(AV_FRAME_FLAG_CORRUPT) != 0
    {
      log?.isDamaged = true
    }
    log?.add(
      frameOf: packetOfPicture, isKey: unsafe clibav_is_key(frame) != 0,
      isIntra: unsafe frame.pointee.pict_type == AV_PICTURE_TYPE_I, showing: picture)
  }
}
