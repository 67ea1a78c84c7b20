/// How clusters are found.
public enum LabellingMethod: String, Codable, Sendable, CaseIterable {
  /// Exact average linkage; cuts of the dendrogram (`Dendrogram`).
  case agglomerative
  /// First neighbours; two of its partitions (`Finch`).
  case finch
  /// Spherical k-means; two numbers of clusters (`SphericalKMeans`).
  case kmeans
}
