/// A NumPy array of 32-bit floats with any number of dimensions, read some slices at a time.
public final class NpyArray: Sendable {
  /// The extents, outermost first.
  public let shape: [Int]
  /// The elements of one slice: one index of the first dimension.
  public let sliceCount: Int
  private let file: RandomAccessFile
  private let start: Int

  /// Opens a file and checks its header against its size.
  ///
  /// - Throws: `FileError`.
  public init(_ path: String) throws(FileError) {
    var reader = try FileReader(path)
    let header = try NpyHeader(from: &reader)
    guard header.element == .float32 else {
      throw FileError(
        path,
        "has elements '\(header.element.rawValue)'; '<f4' is needed, and NumPy's "
          + "x.astype('float32') makes them")
    }
    guard !header.shape.isEmpty, header.shape.allSatisfy({ $0 > 0 }) else {
      throw FileError(path, "has the shape \(header.shape), and so no elements")
    }
    let bytes = try header.byteCount(in: path)
    guard bytes == reader.remaining else {
      throw FileError(
        path,
        "has \(reader.remaining) bytes of elements, and the shape \(header.shape) takes \(bytes)")
    }
    shape = header.shape
    sliceCount = header.shape.dropFirst().reduce(1, *)
    start = reader.position
    file = try RandomAccessFile(path)
  }

  /// The elements of a range of slices, row-major.
  ///
  /// - Throws: `FileError` where the file has changed meanwhile.
  public func slices(_ range: Range<Int>) throws(FileError) -> [Float] {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape.first ?? 0, "no slices \(range)")
    return try file.floats(
      range.count * sliceCount, at: start + 4 * range.lowerBound * sliceCount,
      of: "the slices \(range)")
  }
}
