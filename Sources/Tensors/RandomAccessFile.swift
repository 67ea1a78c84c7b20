// `unsafe` is sound here because each read fills exactly the memory that was allocated for it.

/// A regular file read at any place; nothing is allocated for bytes that it does not have.
public struct RandomAccessFile: ~Copyable, Sendable {
  /// The path, as the caller gave it.
  public let path: String
  /// The length in bytes.
  public let size: Int
  private let file: FileDescriptor

  /// Opens a file.
  ///
  /// - Throws: `FileError` for what is missing or no regular file.
  public init(_ path: String) throws(FileError) {
    let file = try FileDescriptor.reading(path)
    size = try file.regularSize()
    self.path = path
    self.file = file
  }

  /// The bytes of a range; `what` names them in the error about a file that ends before.
  public func bytes(_ range: Range<Int>, of what: String) throws(FileError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= size else {
      throw FileError(
        path, "ends too early: \(what) lies at \(range), and the file has \(size) bytes")
    }
    var failure: FileError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
      do throws(FileError) {
        unsafe try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
        filled = range.count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The elements of an array of floats that starts at `offset`, in this machine's byte order.
  public func floats(_ count: Int, at offset: Int, of what: String) throws(FileError) -> [Float] {
    let (length, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard count >= 0, offset >= 0, !overflow, length <= size - offset else {
      throw FileError(
        path, "ends too early: \(what), \(count) floats, lies at \(offset) of \(size) bytes")
    }
    var failure: FileError?
    let floats = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(FileError) {
        unsafe try file.read(
          into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: length), at: offset)
        filled = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return floats
  }
}
