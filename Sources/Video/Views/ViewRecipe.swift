/// How one view of a video is made: where, how fast, in which order of frames, and what it shows.
///
/// A run's recipes are a list, one entry a view of its objective, in the objective's order: the first
/// is the anchor, and others may borrow its window. Written as words joined by `+`, in any order and
/// at most one of each kind: `rgb`, `same+residual`, `same+shuffle`, `apart+x2`.
public struct ViewRecipe: Sendable, Hashable {
  /// Which window of the video, and whose random draws (crop, flip, colours).
  public enum Place: String, Sendable, CaseIterable {
    /// A window and draws of its own.
    case free
    /// The video's first window, with draws of its own (SLIC's anchor).
    case start
    /// The first view's window and draws: the same picture, made in another way.
    case same
    /// The first view's window, with draws of its own.
    case again
    /// A window at least two frames away from the first view's, with draws of its own (the negative
    /// of DSM's released training loop); in a video without room for that, as far as there is.
    case apart
    /// A window that shares no frame with the first view's, with draws of its own (SLIC's positive); in a
    /// video without room for that, as far away as there is.
    case disjoint
  }

  /// The order in which the window's frames are shown.
  public enum Order: String, Sendable, CaseIterable {
    /// As they were filmed.
    case filmed
    /// Backwards.
    case reverse
    /// One of them, at random, all the time: IIC's intra-negative without motion.
    case `repeat`
    /// In four chunks, two of which change places: IIC's intra-negative with broken motion.
    case shuffle
    /// With frames inserted and exchanged at random: DSM's temporal disturbance.
    case jumble
  }

  /// How the picture is bent, the same in all frames.
  public enum Shape: String, Sendable, CaseIterable {
    /// Not at all.
    case plain
    /// In one to three places: DSM's spatial disturbance (`LocalWarp`).
    case warp
    /// All over, like a thin plate: DSM's other one (`SplineWarp`).
    case spline
  }

  /// What the three channels hold.
  public enum Content: String, Codable, Sendable, CaseIterable {
    /// Red, green and blue; but in a share `augmentation.residual` of the views other than the first,
    /// residual frames, and in a share `augmentation.motionVectors` of them motion vectors.
    case rgb
    /// What changed since the frame before, the first frame's since the last.
    case residual
    /// What changed since the frame before; the first frame shows the second one's change.
    case difference
    /// The lightness L of CIE Lab, three times.
    case lightness
    /// The colours a and b of CIE Lab, and nothing in the third channel.
    case ab
    /// The luma Y of YCbCr, three times.
    case luma
    /// The colours Cb and Cr of YCbCr, and nothing in the third channel.
    case cbcr
    /// The codec's motion vectors: right, down, and where there are any.
    case mv
  }

  /// Which window, and whose draws.
  public var place = Place.free
  /// How much faster than `video.stride` says: 1, 2, 4 or 8.
  public var speed = 1
  /// The order of the frames.
  public var order = Order.filmed
  /// How the picture is bent.
  public var shape = Shape.plain
  /// What is shown.
  public var content = Content.rgb

  /// Creates the recipe of an ordinary view: a window and draws of its own, in colours.
  public init() {}

  /// Whether a video is shown as it was filmed, so that the view's row may stand for it.
  public var standsForVideo: Bool { order == .filmed && shape == .plain }

  /// Whether the view takes its window, or where it is, from the first one.
  var refersToFirst: Bool { place != .free && place != .start }

  /// The same played backwards; nil where the order is not as filmed.
  public var backwards: ViewRecipe? {
    guard order == .filmed else { return nil }
    var recipe = self
    recipe.order = .reverse
    return recipe
  }

  /// The speeds that there are.
  public static let speeds = [1, 2, 4, 8]
}
