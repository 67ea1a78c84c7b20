/// An open file of which it is known which packet becomes which frame.
///
/// For one thread at a time.
public final class IndexedVideo {
  private let path: String
  private let index: FrameIndex
  private var reader: VideoReader

  /// Opens a file and decodes it once.
  public init(_ path: String) throws(VideoError) {
    var reader = try VideoReader(opening: path)
    index = try reader.wholeIndex()
    self.path = path
    self.reader = reader
  }

  /// The number of frames that decode.
  public var frameCount: Int { index.frameCount }

  /// Opens the file again, as the next epoch does.
  public func reopen() throws(VideoError) {
    reader = try VideoReader(opening: path, bytes: nil, index: index)
  }

  /// Reads a window's frames, T·H·W·3.
  public func read(_ window: ClipWindow, scaledTo size: PixelSize) throws(VideoError) -> [UInt8] {
    try reader.read(window, crop: nil, scaledTo: size)
  }
}
