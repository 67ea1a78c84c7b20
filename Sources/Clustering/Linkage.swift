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

extension Linkage {
  /// Whether the linkage has a meaning for distances of that kind.
  public func isDefined(on metric: Metric) -> Bool { self != .ward || metric == .euclidean }

  /// Why it has none, and what has; nil where it has one.
  public func problem(on metric: Metric) -> String? {
    guard !isDefined(on: metric) else { return nil }
    let defined = Self.allCases.filter { $0.isDefined(on: metric) }.map(\.rawValue)
    return "\(rawValue) linkage is not defined on \(metric.rawValue) distance; "
      + "\(defined.joined(separator: ", ")) are, and ward is on euclidean distance"
  }

  /// Whether distances of clusters follow from the sums of their rows, so that no matrix of distances
  /// is needed, and a team shares the searches.
  public func followsFromSums(on metric: Metric) -> Bool {
    switch (self, metric) {
    case (.average, .cosine), (.ward, .euclidean): true
    default: false
    }
  }

  /// Whether all N(N − 1)/2 distances are kept.
  func needsAllDistances(on metric: Metric) -> Bool {
    self != .single && !followsFromSums(on: metric)
  }
}
