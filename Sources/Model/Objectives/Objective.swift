public import Tensors

/// One view of a sample: how it is made from the clip, and which encoder embeds it.
public struct View: Sendable, Equatable {
  /// How a view is made from a video.
  public enum Recipe: String, Codable, Sendable {
    /// A random window, cropped, flipped and coloured at random.
    case augmented
  }

  /// Whose weights embed the view.
  public enum Source: String, Codable, Sendable {
    /// The weights in training; the view has a gradient.
    case trained
    /// A slow average of them; the view has no gradient.
    case momentum
  }

  /// How the view is made.
  public var recipe: Recipe
  /// Whose weights embed it.
  public var source: Source

  /// Creates a view.
  public init(_ recipe: Recipe, by source: Source = .trained) {
    self.recipe = recipe
    self.source = source
  }
}
