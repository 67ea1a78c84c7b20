/// Rows that cannot be clustered.
public struct ClusteringError: Error, CustomStringConvertible, Sendable, Equatable {
  /// What is wrong with them.
  public let reason: String
  /// The rows, in ascending order.
  public let rows: [Int]

  /// The reason, with the first rows.
  public var description: String {
    let names = rows.prefix(10).map(String.init).joined(separator: ", ")
    return "\(rows.count) rows \(reason): \(names)\(rows.count > 10 ? ", …" : "")"
  }
}
