/// How the distance of two clusters follows from the distances of their members.
public enum Linkage: String, Codable, Sendable, CaseIterable {
  /// The mean over all pairs of members, one from each cluster (UPGMA).
  case average
  /// How much the sum of squared distances to the mean grows, as SciPy scales it:
  /// √(2·a·b / (a + b)) times the distance of the means (Ward, 1963). Euclidean alone.
  case ward
  /// The nearest pair of members.
  case single
  /// The farthest pair of members.
  case complete
}

/// The distance of two rows.
public enum Metric: String, Codable, Sendable, CaseIterable {
  /// One less the cosine of their angle.
  case cosine
  /// The length of their difference.
  case euclidean
}
