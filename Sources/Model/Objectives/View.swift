/// One view of a sample: whose video, how it is made from the clip, and which encoder embeds it.
public struct View: Sendable, Equatable {
  /// How a view is made from a video; the text is that of `ViewRecipe` in Video, which makes it.
  public enum Recipe: String, Codable, Sendable, CaseIterable {
    /// A random window, cropped, flipped and coloured at random.
    case augmented = "rgb"
    /// Another window than the first view's, with draws of its own.
    case apart
    /// A window that shares no frame with the first view's, with draws of its own.
    case disjoint
    /// The first view's window, with draws of its own.
    case again
    /// The first view's very picture, as what changed since the frame before.
    case residual = "same+residual"
    /// The first view's picture, played backwards.
    case backwards = "same+reverse"
    /// What changes in that from frame to frame.
    case backwardsResidual = "same+reverse+residual"
    /// The first view's picture, one frame of it all the time.
    case repeated = "same+repeat"
    /// The first view's picture, its window in pieces that change places.
    case shuffled = "same+shuffle"
    /// A window of its own, bent here and there, the same in all frames.
    case warped = "warp"
  }

  /// Whose weights embed the view.
  public enum Source: String, Codable, Sendable {
    /// The weights in training; the view has a gradient.
    case trained
    /// Those of a second encoder in training, of the same shape; the view has a gradient.
    case partner
    /// A slow average of the first; the view has no gradient.
    case momentum
  }

  /// Which video the view shows.
  public enum Subject: Sendable, Equatable {
    /// The sample's own.
    case own
    /// With probability `ownShare` the sample's own, else one drawn from its fine cluster.
    case mate(ownShare: Double)
  }

  /// How the view is made.
  public var recipe: Recipe
  /// Whose weights embed it.
  public var source: Source
  /// Which video it shows.
  public var subject: Subject

  /// Creates a view.
  public init(_ recipe: Recipe, by source: Source = .trained, of subject: Subject = .own) {
    self.recipe = recipe
    self.source = source
    self.subject = subject
  }
}
