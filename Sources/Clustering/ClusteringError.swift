/// Rows that cannot be clustered as asked.
public struct ClusteringError: Error, CustomStringConvertible, Sendable, Equatable {
  /// What is wrong with the rows.
  public enum Fault: Sendable, Equatable {
    /// Every element is zero.
    case zero
    /// Some element is NaN or infinite.
    case notFinite
    /// Some element is so large that distances might not be finite.
    case tooLarge
    /// All distances take more bytes than there are.
    case memory(needed: Int, limit: Int)
    /// What is kept for each row takes more bytes than there are.
    case memoryOfRows(needed: Int, limit: Int)
    /// The linkage has no meaning for the metric.
    case unsuited(Linkage, Metric)
  }

  /// What is wrong.
  public let fault: Fault
  /// The indices of all rows with this fault, ascending; callers know their ids.
  public let rows: [Int]
  /// How many rows there are altogether.
  public let count: Int

  /// The fault, how many rows have it, and the first ten of them by index.
  public var description: String { description { "\($0)" } }

  /// The fault, how many rows have it, and the first ten of them by the names they are given.
  public func description(naming name: (Int) -> String) -> String {
    let shown = rows.prefix(10).map(name).joined(separator: ", ")
    let list = rows.count > 10 ? shown + ", …" : shown
    switch fault {
    case .zero:
      return "\(rows.count) of \(count) rows have only zeros, and a cosine distance needs a "
        + "direction: \(list)"
    case .notFinite: return "\(rows.count) of \(count) rows have NaN or infinite elements: \(list)"
    case .tooLarge:
      return "\(rows.count) of \(count) rows have elements beyond 1e300, too large for euclidean "
        + "distances: \(list)"
    case .memory(let needed, let limit):
      return "the distances of all pairs of \(count) rows take \(needed >> 20) MB, and there are "
        + "\(limit >> 20) MB; cluster fewer rows, or choose a linkage that needs no distances: "
        + "average on cosine distance, ward, centroid, median, or single"
    case .memoryOfRows(let needed, let limit):
      return "clustering \(count) rows takes \(needed >> 20) MB besides the rows themselves, "
        + "and there are \(limit >> 20) MB; cluster fewer rows"
    case .unsuited(let linkage, let metric): return linkage.problem(on: metric) ?? ""
    }
  }
}
