/// One view of a sample: how it is made from the clip, and which encoder embeds it.
public struct View: Sendable, Equatable {
  /// How a view is made from a video; the text is that of `ViewRecipe` in Video, which makes it.
  public enum Recipe: String, Codable, Sendable, CaseIterable {
    /// A random window, cropped, flipped and coloured at random.
    case augmented = "rgb"
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

/// A loss over the gathered embeddings of a whole global batch.
///
/// Pure arithmetic on rows: every rank evaluates the same rows and gets the same bits, provided
/// that BLAS runs on one thread (`BLAS.useOneThread`) and the ranks' CPUs run the same kernels.
public protocol Objective: Sendable {
  /// The views that each sample contributes, in order.
  var views: [View] { get }

  /// Whether pseudo labels matter to it.
  var usesLabels: Bool { get }

  /// Computes the loss and its gradient, then takes the batch into the objective's own memory.
  mutating func evaluate(_ batch: borrowing EmbeddedBatch) -> LossAndGradient

  /// The memory that outlives a step (queue, bank); it is part of the checkpoint.
  var state: ObjectiveState { get set }
}

/// An objective's memory as named arrays, for checkpoints.
public struct ObjectiveState: Sendable, Equatable {
  /// Numbers by name.
  public var arrays: [String: [Float]]
  /// Counts and manifest indices by name.
  public var integers: [String: [Int]]

  /// Creates a state; without arguments, the state of an objective that remembers nothing.
  public init(arrays: [String: [Float]] = [:], integers: [String: [Int]] = [:]) {
    self.arrays = arrays
    self.integers = integers
  }
}
