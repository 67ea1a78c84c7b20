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
    var stream = try MatrixStream(path)
    return try stream.floats()
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

  /// Reads an N×D array of `<f4` or `<f8` from a file, a pipe or, as "-", standard input; nothing is rounded.
  ///
  /// - Parameter progress: told how much of all elements is there, in 0…1, now and then.
  /// - Throws: as `readMatrix`; a pipe is known to be too short or too long only at its end.
  public static func readRows(
    _ path: String, progress: (Double) -> Void = { _ in }
  ) throws(FileError) -> Rows {
    var stream = try MatrixStream(path, mayBePipe: true)
    return switch stream.element {
    case .float32: .single(try stream.floats(progress: progress))
    case .float64: .double(try stream.doubles(progress: progress))
    }
  }
}
