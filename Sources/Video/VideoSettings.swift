/// What a clip is, and how much memory decoded videos may take.
public struct VideoSettings: Codable, Sendable, Equatable {
  /// The frames of a clip, T.
  public var frames = 8
  /// The distance between a clip's frames, in frames of the video.
  public var stride = 3
  /// The height and width of a clip, in pixels.
  public var size = 48
  /// Videos are decoded to this short side, in pixels, before cropping.
  public var shortSide = 60
  /// Decoded videos kept in memory by the ranks of one machine together, in MiB.
  public var cacheMegabytes = 4096
  /// A folder on the node's own disk where decoded videos are kept; empty for none.
  ///
  /// The node's ranks share it, and later runs. Every rank puts its environment's value for `$TMPDIR` and
  /// the like.
  public var diskCache = ""
  /// The most that the folder of decoded videos may hold, in MiB.
  public var diskCacheMegabytes = 65_536
  /// The run fails when more than this share of the files is unreadable.
  public var badShare = 0.05
  /// How the data set is organised; `auto` looks.
  public var layout = DatasetLayout.auto
  /// Which of the three official lists of UCF101 or HMDB51 divides the videos.
  public var list = 1
  /// The seed of the manifest's fixed shuffle.
  public var manifestSeed = 1

  /// Creates the default settings.
  public init() {}
}
