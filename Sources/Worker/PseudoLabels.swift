/// The clusters of an epoch, used as classes: one fine and one coarse number for every sample.
///
/// Indexed by the sample's place in the manifest, never by position in a file; −1 where a sample has
/// none (it could not be read, or nothing has been clustered yet).
public struct PseudoLabels: Codable, Sendable, Equatable {
  /// Equal numbers make positives.
  public var fine: [Int32]
  /// Equal numbers are never negatives.
  public var coarse: [Int32]

  /// Creates labels from one number a sample each.
  public init(fine: [Int32], coarse: [Int32]) {
    precondition(fine.count == coarse.count)
    self.fine = fine
    self.coarse = coarse
  }

  /// The labels before anything has been clustered.
  public static func none(_ count: Int) -> PseudoLabels {
    let unlabelled = [Int32](repeating: -1, count: count)
    return PseudoLabels(fine: unlabelled, coarse: unlabelled)
  }
}
