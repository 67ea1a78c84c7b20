import Foundation

/// NumPy's array files: the format 1.0 that `numpy.save` writes, and 2.0 on reading.
///
/// The format is NumPy's NEP 1; two dimensions, C order, little-endian `<f4` and `<f8`.
public enum Npy {
  /// Writes an N×D array of `<f4`.
  ///
  /// - Throws: `FileError`; the earlier file is then as it was.
  public static func write(
    _ matrix: Matrix, to path: String, ready: () throws -> Void = {}
  ) throws {
    try AtomicFile.write(to: path, ready: ready) { file in
      try file.append(NpyHeader(.float32, shape: [matrix.rows, matrix.columns]).bytes)
      try file.append(matrix.values)
    }
  }

  /// Writes an array of `<f8`, its elements row after row.
  ///
  /// - Throws: `FileError`; the earlier file is then as it was.
  public static func write(doubles: [Double], rows: Int, columns: Int, to path: String) throws {
    precondition(
      doubles.count == rows * columns, "\(doubles.count) values cannot fill \(rows)×\(columns)")
    try AtomicFile.write(to: path) { file in
      try file.append(NpyHeader(.float64, shape: [rows, columns]).bytes)
      try file.append(doubles)
    }
  }

  /// Reads an N×D array of `<f4` or `<f8`; doubles are rounded to floats as they come, so that the
  /// floats are all that is held.
  ///
  /// - Throws: `FileError` for anything else, before memory is allocated for the elements.
  public static func readMatrix(_ path: String) throws(FileError) -> Matrix {
    var file = try FileReader(path)
    let header = try matrixHeader(of: &file)
    let (rows, columns) = (header.shape[0], header.shape[1])
    let values: [Float] =
      switch header.element {
      case .float32: try file.next(rows * columns)
      case .float64: try file.nextRounded(rows * columns)
      }
    return Matrix(rows: rows, columns: columns, values: values)
  }

  /// An array as its file has it.
  public enum Rows: Sendable {
    /// `<f4`.
    case single(Matrix)
    /// `<f8`.
    case double(DoubleMatrix)

    /// The number of rows, N.
    public var count: Int {
      switch self {
      case .single(let matrix): matrix.rows
      case .double(let matrix): matrix.rows
      }
    }

    /// The number of columns, D.
    public var columns: Int {
      switch self {
      case .single(let matrix): matrix.columns
      case .double(let matrix): matrix.columns
      }
    }
  }

  /// Reads an N×D array of `<f4` or `<f8`, rounding nothing.
  ///
  /// - Throws: as `readMatrix`.
  public static func readRows(_ path: String) throws(FileError) -> Rows {
    var file = try FileReader(path)
    let header = try matrixHeader(of: &file)
    let (rows, columns) = (header.shape[0], header.shape[1])
    switch header.element {
    case .float32:
      return .single(
        Matrix(rows: rows, columns: columns, values: try file.next(rows * columns)))
    case .float64:
      return .double(
        DoubleMatrix(rows: rows, columns: columns, values: try file.next(rows * columns)))
    }
  }

  /// The most rows or columns of an array without elements, whose file's size bounds neither.
  private static let longestOfNone = 1 << 24

  /// The header of an array of two dimensions, whose elements are all that follows.
  private static func matrixHeader(of file: inout FileReader) throws(FileError) -> NpyHeader {
    let path = file.path
    let header = try NpyHeader(from: &file)
    guard header.shape.count == 2 else {
      throw FileError(
        path, "has the shape \(header.shape); two dimensions are needed, one row a sample")
    }
    let (rows, columns) = (header.shape[0], header.shape[1])
    let bytes = try header.byteCount(in: path)
    guard bytes > 0 || max(rows, columns) <= Self.longestOfNone else {
      throw FileError(
        path,
        "has the shape (\(rows), \(columns)): of no elements, at most \(Self.longestOfNone) rows or "
          + "columns are taken")
    }
    let shape = "the shape (\(rows), \(columns)) of \(header.element.rawValue)"
    guard bytes <= file.remaining else {
      throw FileError(
        path,
        "is cut short: \(shape) takes \(bytes) bytes, and \(file.remaining) follow the header")
    }
    guard bytes == file.remaining else {
      throw FileError(
        path,
        "is too long: \(shape) takes \(bytes) bytes, and \(file.remaining) follow the header")
    }
    return header
  }
}
