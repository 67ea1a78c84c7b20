internal import CLibAV

/// The libav libraries that this program runs with.
public enum LibAVVersion {
  /// For example `avformat 59.27.100, avcodec 59.37.100`.
  public static var text: String {
    func dotted(_ version: UInt32) -> String {
      "\(version >> 16).\(version >> 8 & 0xff).\(version & 0xff)"
    }
    return "avformat \(dotted(avformat_version())), avcodec \(dotted(avcodec_version()))"
  }
}
