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
