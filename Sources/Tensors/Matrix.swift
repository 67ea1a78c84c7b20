/// A row-major matrix of 32-bit floats; a row is one embedding (N·D).
///
/// A plain value: copies share storage until one of them is written.
public struct Matrix: Sendable, Equatable {
  /// The number of rows, N.
  public let rows: Int
  /// The number of columns, D.
  public let columns: Int
  /// The elements, row after row; always `rows * columns` of them.
  public var values: [Float]

  /// Creates a matrix whose elements are all `value`.
  public init(rows: Int, columns: Int, repeating value: Float = 0) {
    precondition(rows >= 0 && columns >= 0, "a matrix cannot be \(rows)×\(columns)")
    self.rows = rows
    self.columns = columns
    values = [Float](repeating: value, count: rows * columns)
  }

  /// Creates a matrix from its elements, row after row.
  public init(rows: Int, columns: Int, values: [Float]) {
    precondition(
      values.count == rows * columns, "\(values.count) values cannot fill \(rows)×\(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The element at a row and a column.
  public subscript(row: Int, column: Int) -> Float {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// One row's elements.
  public func row(_ index: Int) -> ArraySlice<Float> {
    values[index * columns..<(index + 1) * columns]
  }

  /// The rows at `indices`, in that order.
  public func rows(_ indices: some Sequence<Int>) -> Matrix {
    var picked: [Float] = []
    var count = 0
    for index in indices {
      picked.append(contentsOf: row(index))
      count += 1
    }
    return Matrix(rows: count, columns: columns, values: picked)
  }

  /// The rows scaled to unit Euclidean length; a row of zeros stays as it is.
  ///
  /// Squares are summed in double precision, in column order, so the result does not depend on
  /// the machine's vector width. Nothing is copied where nobody else has the rows.
  public consuming func unitRows() -> Matrix {
    for row in 0..<rows {
      var squares = 0.0
      for column in 0..<columns {
        let value = Double(self[row, column])
        squares += value * value
      }
      guard squares > 0 else { continue }
      let scale = 1 / squares.squareRoot()
      for column in 0..<columns { self[row, column] = Float(Double(self[row, column]) * scale) }
    }
    return self
  }
}
