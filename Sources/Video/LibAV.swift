// The fence's gate: libav's error codes and log lines become words. `unsafe` is sound here because
// the texts are copied out of buffers that outlive the call.
internal import CLibAV

/// What the libav libraries say, and the limits that they are held to.
enum LibAV {
  /// The containers that may be opened; playlists and scripts, which open other files, are not.
  static let containers = "avi,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpeg,mpegts,m4v,flv,ogg,asf"
  /// The most pixels in a frame (8K); larger pictures are refused before they are allocated.
  static let mostPixels = 8192 * 4320
  /// The most bytes that libav allocates at once.
  static let mostBytes = 1 << 30
  /// The most streams in a file.
  static let mostStreams = 64

  static let end = clibav_error_end()
  static let again = clibav_error_again()
  static let outOfMemory = clibav_error_out_of_memory()

  /// Runs once in a process: log lines are kept for errors, and do not reach the terminal.
  private static let listening: Void = hear()

  @inline(never)
  private static func hear() {
    clibav_listen()
    av_max_alloc(mostBytes)
  }

  /// Forgets this thread's complaints, so that the next error does not quote an old one.
  ///
  /// Never inlined, as `complaint`: an inlined C function would bring another object file a buffer of
  /// its own.
  @inline(never)
  static func listen() {
    _ = listening
    clibav_forget()
  }

  /// Whether libav has complained since `listen()`.
  static var hasComplained: Bool {
    @inline(never) get { unsafe clibav_complaint()[0] != 0 }
  }

  /// The first complaint since `listen()`, on one line.
  static var complaint: String? {
    @inline(never) get {
      let text = unsafe String(cString: clibav_complaint())
        .split(whereSeparator: \.isNewline).joined(separator: " ")
      return text.isEmpty ? nil : text
    }
  }

  /// Libav's message for an error code, with the complaint that came with it.
  static func reason(_ code: Int32) -> String {
    var text = [CChar](repeating: 0, count: 128)
    let known = unsafe av_strerror(code, &text, text.count) == 0
    let words = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let message = known ? String(decoding: words, as: UTF8.self) : "libav error \(code)"
    return complaint.map { "\($0) (\(message))" } ?? message
  }

  /// Throws when a libav function returned an error.
  @discardableResult
  static func check(_ code: Int32, _ path: String) throws(VideoError) -> Int32 {
    guard code < 0 else { return code }
    // What a file asks for may be more memory than libav is given; the machine is not at fault then.
    let isMachine = code != outOfMemory && VideoError.Fault(-code) == .machine
    throw VideoError(path: path, reason: reason(code), fault: isMachine ? .machine : .content)
  }
}
