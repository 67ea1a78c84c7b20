/// Rows that have no direction, so that no cosine distance to them is defined.
public struct ClusteringError: Error, CustomStringConvertible, Sendable, Equatable {
  /// What is wrong with the rows.
  public enum Fault: Sendable, Equatable {
    /// Every element is zero.
    case zero
    /// Some element is NaN or infinite.
    case notFinite
  }

  /// What is wrong.
  public let fault: Fault
  /// The indices of all rows with this fault, ascending; callers know their ids.
  public let rows: [Int]
  /// How many rows there are altogether.
  public let count: Int

  /// The fault, how many rows have it, and the first ten of them.
  public var description: String {
    let shown = rows.prefix(10).map(String.init).joined(separator: ", ")
    return "\(summary): \(shown)\(rows.count > 10 ? ", …" : "")"
  }

  /// The fault, and how many rows have it.
  public var summary: String {
    let what =
      switch fault {
      case .zero: "only zeros, and a cosine distance needs a direction"
      case .notFinite: "NaN or infinite elements"
      }
    return "\(rows.count) of \(count) rows have \(what)"
  }
}
