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
  private let context: UnsafeMutablePointer<AVFormatContext>
  private var streamIndex: Int

  /// Opens a regular file of a known container format.
  init(opening path: String) throws(VideoError) {
    try Container.checkRegular(path)
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
    var opened: UnsafeMutablePointer<AVFormatContext>?
    try LibAV.check(unsafe avformat_open_input(&opened, "file:" + path, nil, &options), path)
    guard let context = unsafe opened else {
      throw VideoError(path: path, reason: "libav opened nothing")
    }
    var container = unsafe Container(owning: context, path)
    try container.probe()
    try container.chooseStream()
    self = container
  }

  private init(owning context: UnsafeMutablePointer<AVFormatContext>, _ path: String) {
    self.path = path
    unsafe self.context = context
    storedSize = PixelSize(width: 0, height: 0)
    orientation = .upright
    streamIndex = 0
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = unsafe context
    unsafe avformat_close_input(&context)
  }

  /// A pipe or a device would block or never end.
  private static func checkRegular(_ path: String) throws(VideoError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      throw VideoError(path: path, reason: unsafe String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw VideoError(path: path, reason: "not a regular file")
    }
    if status.st_size == 0 { throw VideoError(path: path, reason: "the file is empty") }
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

  /// Reads the video's next packet, and returns false at the end.
  ///
  /// A file that ends in the middle simply ends there; a failing disk is an error.
  func next(_ packet: UnsafeMutablePointer<AVPacket>) throws(VideoError) -> Bool {
    while true {
      let code = unsafe av_read_frame(context, packet)
      if code == LibAV.inputOutput || code == LibAV.outOfMemory {
        throw VideoError(path: path, reason: LibAV.reason(code))
      }
      if code < 0 { return false }
      if unsafe Int(packet.pointee.stream_index) == streamIndex { return true }
      unsafe av_packet_unref(packet)
    }
  }
}
