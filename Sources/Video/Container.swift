// `unsafe` is sound here because the context is opened by the initialiser and closed once, with its
// one owner; the stream's index was checked against the number of streams.
internal import CLibAV
import Foundation

/// An open video file: its best video stream, packet by packet.
@safe struct Container: ~Copyable {
  let path: String
  /// The pictures' stored size.
  private(set) var storedSize: PixelSize
  /// How stored pictures are turned for display.
  private(set) var orientation: Orientation
  /// The place of the packet read last among the video's packets, from 0.
  private(set) var packet: Int
  private let context: UnsafeMutablePointer<AVFormatContext>
  private let file: MediaFile
  private var streamIndex: Int

  /// Opens a regular file of a known container format, or a range of one.
  init(opening path: String, bytes: Range<Int>?) throws(VideoError) {
    try self.init(try MediaFile(opening: path, bytes: bytes))
  }

  /// Opens the same bytes once more, to read them from their first packet.
  init(again other: borrowing Container) throws(VideoError) {
    try self.init(try MediaFile(again: other.file))
  }

  private init(_ file: consuming MediaFile) throws(VideoError) {
    let path = file.path
    LibAV.listen()
    var options: OpaquePointer?
    defer { unsafe av_dict_free(&options) }
    let wanted = [
      ("format_whitelist", LibAV.containers), ("protocol_whitelist", "file"),
      ("max_streams", "\(LibAV.mostStreams)"),
    ]
    for (name, value) in wanted {
      try LibAV.check(unsafe av_dict_set(&options, name, value, 0), path)
    }
    var opened = unsafe clibav_context(file.input)
    // The name only helps to guess the format; nothing is opened by it.
    let name = FileName.escaped(path)
    try LibAV.check(unsafe avformat_open_input(&opened, name, nil, &options), path)
    guard let context = unsafe opened else {
      throw VideoError(path: path, reason: "libav opened nothing")
    }
    var container = unsafe Container(owning: context, file)
    try container.probe()
    try container.chooseStream()
    self = container
  }

  private init(
    owning context: UnsafeMutablePointer<AVFormatContext>, _ file: consuming MediaFile
  ) {
    path = file.path
    unsafe self.context = context
    self.file = file
    storedSize = PixelSize(width: 0, height: 0)
    orientation = .upright
    streamIndex = 0
    packet = -1
  }

  /// Whether the file is a bare stream of pictures (MPEG-4 Part 2), which libav cuts into packets.
  var isElementaryStream: Bool {
    unsafe context.pointee.iformat.map { unsafe String(cString: $0.pointee.name) } == "m4v"
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = unsafe context
    unsafe avformat_close_input(&context)
  }

  /// Reads enough packets to know the streams, decoding under the same limits as later.
  private func probe() throws(VideoError) {
    let count = unsafe Int(context.pointee.nb_streams)
    var options = unsafe [OpaquePointer?](repeating: nil, count: count)
    defer { for index in 0..<count { unsafe av_dict_free(&options[index]) } }
    for index in 0..<count {
      for (name, value) in [("max_pixels", "\(LibAV.mostPixels)"), ("threads", "1")] {
        try LibAV.check(unsafe av_dict_set(&options[index], name, value, 0), path)
      }
    }
    try LibAV.check(unsafe avformat_find_stream_info(context, &options), path)
  }

  /// Takes the default video stream, or else the one with the most pixels, then the first; cover
  /// pictures do not count, and no other stream is read.
  private mutating func chooseStream() throws(VideoError) {
    var best: (index: Int, isDefault: Bool, pixels: Int)?
    let count = unsafe Int(context.pointee.nb_streams)
    for index in 0..<count {
      guard let stream = unsafe context.pointee.streams[index],
        let parameters = unsafe stream.pointee.codecpar
      else { continue }
      unsafe stream.pointee.discard = AVDISCARD_ALL
      let disposition = unsafe stream.pointee.disposition
      guard unsafe parameters.pointee.codec_type == AVMEDIA_TYPE_VIDEO,
        disposition & AV_DISPOSITION_ATTACHED_PIC == 0
      else { continue }
      let isDefault = disposition & AV_DISPOSITION_DEFAULT != 0
      let pixels = unsafe Int(parameters.pointee.width) * Int(parameters.pointee.height)
      if let best, (best.isDefault ? 1 : 0, best.pixels) >= (isDefault ? 1 : 0, pixels) { continue }
      best = (index, isDefault, pixels)
    }
    guard let best else { throw VideoError(path: path, reason: "no video stream") }
    streamIndex = best.index
    guard best.pixels > 0 else { throw VideoError(path: path, reason: "no frame size is known") }
    try describe()
  }

  private mutating func describe() throws(VideoError) {
    let stream = unsafe try stream()
    let parameters = unsafe stream.pointee.codecpar.pointee
    unsafe stream.pointee.discard = AVDISCARD_DEFAULT
    storedSize = unsafe PixelSize(width: Int(parameters.width), height: Int(parameters.height))
    if let matrix = unsafe clibav_display_matrix(stream) {
      orientation = unsafe Orientation(a: matrix[0], b: matrix[1], c: matrix[3], d: matrix[4])
    }
  }

  /// The chosen stream.
  func stream() throws(VideoError) -> UnsafeMutablePointer<AVStream> {
    guard let stream = unsafe context.pointee.streams[streamIndex] else {
      throw VideoError(path: path, reason: "stream \(streamIndex) is gone")
    }
    return unsafe stream
  }

  /// Width over height of a stored pixel; 1 where it is unknown or absurd.
  func pixelAspect() throws(VideoError) -> Double {
    let ratio = unsafe av_guess_sample_aspect_ratio(context, try stream(), nil)
    guard ratio.num > 0, ratio.den > 0 else { return 1 }
    let aspect = Double(ratio.num) / Double(ratio.den)
    return (0.125...8).contains(aspect) ? aspect : 1
  }

  /// The number of frames that the header claims; not to be trusted.
  func claimedFrames() throws(VideoError) -> Int {
    let claimed = unsafe try stream().pointee.nb_frames
    return Int(clamping: max(0, claimed))
  }

  /// The frames a second that the header tells; 0 where it does not.
  func rate() throws(VideoError) -> Double {
    let stream = unsafe try stream()
    for rate in unsafe [stream.pointee.avg_frame_rate, stream.pointee.r_frame_rate]
    where rate.num > 0 && rate.den > 0 {
      return Double(rate.num) / Double(rate.den)
    }
    return 0
  }

  /// The seconds that the header tells; 0 where it does not.
  func seconds() throws(VideoError) -> Double {
    let stream = unsafe try stream()
    let (length, base) = unsafe (stream.pointee.duration, stream.pointee.time_base)
    if length > 0, base.den > 0 { return Double(length) * Double(base.num) / Double(base.den) }
    let all = unsafe context.pointee.duration
    return all > 0 ? Double(all) / Double(AV_TIME_BASE) : 0
  }

  /// Libav's name of the codec, as in "mpeg4" or "h264".
  func codec() throws(VideoError) -> String {
    unsafe String(cString: avcodec_get_name(try stream().pointee.codecpar.pointee.codec_id))
  }

  /// Allows another pass over the file: reading is bounded.
  func refill() { file.refill() }

  /// The bytes of the file, or of its range.
  var length: Int { file.length }

  /// Reads the video's next packet, and returns false at the end.
  ///
  /// A file that ends in the middle simply ends there; bytes that the system cannot read are an error.
  mutating func next(_ packet: UnsafeMutablePointer<AVPacket>) throws(VideoError) -> Bool {
    while true {
      let code = unsafe av_read_frame(context, packet)
      try file.checkReads()
      if code == LibAV.outOfMemory { throw VideoError(path: path, reason: LibAV.reason(code)) }
      if file.isExhausted {
        throw VideoError(path: path, reason: "its parts refer to each other without an end")
      }
      if code < 0 { return false }
      if unsafe Int(packet.pointee.stream_index) == streamIndex {
        self.packet += 1
        return true
      }
      unsafe av_packet_unref(packet)
    }
  }

  /// Goes to a start, or to an earlier one, and reads its packet; false where this file cannot.
  ///
  /// Time stamps only say where to look. What counts is that the packet found is known by its place
  /// in the file and its size; a file whose time stamps lie is never read wrongly.
  mutating func seek(
    to start: DecodingStart, in index: FrameIndex, _ packet: UnsafeMutablePointer<AVPacket>
  ) throws(VideoError) -> DecodingStart? {
    guard start.position >= 0 else { return nil }
    file.refill()
    var earlier: Int64?
    for time in start.times {
      guard let found = unsafe try land(at: time, start, in: index, packet) else { continue }
      if found.packet == start.packet { return found }
      unsafe av_packet_unref(packet)
      earlier = earlier ?? time
    }
    guard let earlier else { return nil }
    return unsafe try land(at: earlier, start, in: index, packet)
  }

  private mutating func land(
    at time: Int64, _ start: DecodingStart, in index: FrameIndex,
    _ packet: UnsafeMutablePointer<AVPacket>
  ) throws(VideoError) -> DecodingStart? {
    let backward = Int32(AVSEEK_FLAG_BACKWARD)
    guard unsafe av_seek_frame(context, Int32(streamIndex), time, backward) >= 0 else { return nil }
    // Some formats land a few packets before or between the starts.
    for _ in 0..<256 {
      guard unsafe try next(packet) else { return nil }
      let (position, size) = unsafe (Int(packet.pointee.pos), Int(packet.pointee.size))
      if let found = index.start(at: position, size: size) {
        if found.packet <= start.packet {
          self.packet = found.packet
          return found
        }
        break
      }
      unsafe av_packet_unref(packet)
      if position > start.position { return nil }
    }
    unsafe av_packet_unref(packet)
    return nil
  }
}
