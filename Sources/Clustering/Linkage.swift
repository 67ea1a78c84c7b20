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
  /// The distance of the means (UPGMC). Euclidean alone.
  ///
  /// A union may be nearer to others than its parts were to each other, so heights may fall.
  case centroid
  /// The distance of the middles, where a union's middle lies halfway between those of its two parts,
  /// however large they are (WPGMC; Gower, 1967). Euclidean alone; heights may fall.
  case median
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
  public func isDefined(on metric: Metric) -> Bool {
    switch self {
    case .average, .single, .complete: true
    case .ward, .centroid, .median: metric == .euclidean
    }
  }

  /// Whether a merge may be lower than the merges that made its clusters, as SciPy has it too.
  public var hasInversions: Bool { self == .centroid || self == .median }

  /// Why it has none, and what has; nil where it has one.
  public func problem(on metric: Metric) -> String? {
    guard !isDefined(on: metric) else { return nil }
    let defined = Self.allCases.filter { $0.isDefined(on: metric) }.map(\.rawValue)
    return "\(rawValue) linkage is not defined on \(metric.rawValue) distance; "
      + "\(defined.joined(separator: ", ")) are, and \(rawValue) is on euclidean distance"
  }

  /// Whether a team shares the searches: all but those linkages that need every distance, which are kept once.
  public func sharesSearches(on metric: Metric) -> Bool { !needsAllDistances(on: metric) }

  /// What is maximised where distances of clusters follow from the sums of their rows, so that no
  /// matrix of distances is needed; nil for other linkages.
  func criterion(on metric: Metric) -> Criterion? {
    switch (self, metric) {
    case (.average, .cosine): .cosine
    case (.ward, .euclidean): .ward
    case (.centroid, .euclidean): .centroid
    case (.median, .euclidean): .median
    default: nil
    }
  }

  /// Whether all N(N − 1)/2 distances are kept.
  func needsAllDistances(on metric: Metric) -> Bool {
    self != .single && criterion(on: metric) == nil
  }
}
