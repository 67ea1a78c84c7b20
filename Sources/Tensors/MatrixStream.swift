/// An N×D array of a `.npy` file or pipe, whose header is read and whose elements follow.
struct MatrixStream: ~Copyable {
  let element: NpyHeader.Element
  private let rows: Int
  private let columns: Int
  private var file: FileReader

  /// The most rows or columns of an array without elements, whose file's size bounds neither.
  private static let longestOfNone = 1 << 24

  /// Opens a file and reads the header of an array of two dimensions, whose elements are all that follows.
  ///
  /// - Parameter mayBePipe: whether it may be a pipe or, as "-", standard input.
  init(_ path: String, mayBePipe: Bool = false) throws(FileError) {
    var file = mayBePipe ? try FileReader(streaming: path) : try FileReader(path)
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
    guard file.size == nil || bytes == file.remaining else {
      throw FileError(
        path,
        "is too long: \(shape) takes \(bytes) bytes, and \(file.remaining) follow the header")
    }
    (element, self.rows, self.columns) = (header.element, rows, columns)
    self.file = file
  }

  /// The elements as floats, doubles rounded as they come.
  ///
  /// - Parameter progress: told how much of them is there, in 0…1, now and then.
  mutating func floats(progress: (Double) -> Void = { _ in }) throws(FileError) -> Matrix {
    try checkMemory(ofElement: MemoryLayout<Float>.stride)
    let bytes = Double(count * element.size)
    let values =
      switch element {
      case .float32: try file.next(count, of: Float.self) { progress(Double($0) / bytes) }
      case .float64: try file.nextRounded(count) { progress(Double($0) / bytes) }
      }
    try checkEnd()
    return Matrix(rows: rows, columns: columns, values: values)
  }

  /// The elements of an array of doubles.
  mutating func doubles(progress: (Double) -> Void = { _ in }) throws(FileError) -> DoubleMatrix {
    precondition(element == .float64, "floats are not read as doubles")
    try checkMemory(ofElement: MemoryLayout<Double>.stride)
    let bytes = Double(count * element.size)
    let values = try file.next(count, of: Double.self) { progress(Double($0) / bytes) }
    try checkEnd()
    return DoubleMatrix(rows: rows, columns: columns, values: values)
  }

  private var count: Int { rows * columns }

  /// Refuses what a pipe's header may promise, and no memory here holds.
  private func checkMemory(ofElement size: Int) throws(FileError) {
    let (needed, available) = (count * size, AvailableMemory.bytes)
    guard needed <= available else {
      throw FileError(
        file.path,
        "has the shape (\(rows), \(columns)), whose \(element.rawValue) take \(needed >> 20) MB of "
          + "memory, and there are \(available >> 20)", fault: .memory)
    }
  }

  private mutating func checkEnd() throws(FileError) {
    guard try file.isAtEnd() else {
      throw FileError(
        file.path, "is too long: bytes follow those of the shape (\(rows), \(columns))")
    }
  }
}
