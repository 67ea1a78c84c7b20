/// How the distance of two clusters follows from the distances of their members.
public enum Linkage: String, Codable, Sendable {
  /// The mean over all pairs of members, one from each cluster (UPGMA).
  case average
}
