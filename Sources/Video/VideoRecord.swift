/// What is known about one video of a data set: a row of a manifest file.
public struct VideoRecord: Sendable, Equatable {
  /// What a scan says of a file.
  public enum Status: String, Sendable, CaseIterable {
    /// It decodes.
    case good
    /// It decodes, to fewer frames than it promises or than a clip has; it plays in a loop.
    case short
    /// It cannot be used, for the reason given.
    case quarantined
  }

  /// Which part of a data set a video belongs to.
  public enum Part: String, Sendable, CaseIterable {
    case train, test
    /// It lies in the folder, and the lists leave it out.
    case unused
    /// The data set is not divided.
    case whole
  }

  /// What decoding found.
  public struct Content: Sendable, Equatable {
    /// The frames that decode.
    public var frameCount: Int
    /// Frames a second, from the header; 0 where it tells nothing.
    public var rate: Double
    /// The size of a frame, rotation applied.
    public var size: PixelSize
    /// Clockwise degrees that stored pictures are turned by for display; "m" after them where they are
    /// mirrored first.
    public var rotation: String
    /// Libav's name of the codec.
    public var codec: String
    /// The indices of the key frames.
    public var keyFrames: [Int]
  }

  /// The path below the videos' folder, on one line: backslash, tab, line ends and bytes that are no
  /// UTF-8 are written as in C.
  public var id: String
  /// Where the file is opened.
  public var path: String
  /// The video's bytes within the file; nil for the whole file.
  public var bytes: Range<Int>?
  /// Which part of the data set it belongs to.
  public var part: Part
  /// The footage that it was cut from, where that is known.
  public var group: String?
  /// The bytes of the video; nil before it was looked at.
  public var size: Int?
  /// When the file was changed last, in nanoseconds since 1970.
  public var modified: Int?
  /// SHA-256 of the video's bytes.
  public var hash: String?
  /// Nil before a scan.
  public var status: Status?
  /// Why the file is short or quarantined.
  public var reason = ""
  /// What decoding found; nil where nothing was decoded.
  public var content: Content?
  /// The first id with the same bytes.
  public var duplicateOf: String?

  /// A video that was found and not yet looked at.
  init(id: String, path: String, bytes: Range<Int>? = nil, part: Part = .whole) {
    self.id = id
    self.path = path
    self.bytes = bytes
    self.part = part
    group = SourceGroup.of(id)
  }
}
