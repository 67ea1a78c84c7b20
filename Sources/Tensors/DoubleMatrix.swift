/// A row-major matrix of 64-bit floats, N·D.
public struct DoubleMatrix: Sendable, Equatable {
  /// The number of rows, N.
  public let rows: Int
  /// The number of columns, D.
  public let columns: Int
  /// The elements, row after row; always `rows * columns` of them.
  public let values: [Double]

  /// Creates a matrix from its elements, row after row.
  public init(rows: Int, columns: Int, values: [Double]) {
    precondition(
      values.count == rows * columns, "\(values.count) values cannot fill \(rows)×\(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }
}
