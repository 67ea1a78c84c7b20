// `unsafe` is sound here because each read fills exactly the memory that was allocated for it.
import Foundation

/// A regular file read from its start to its end, with the rest's size known before allocating.
struct FileReader: ~Copyable {
  private let file: FileDescriptor
  let path: String
  let size: Int
  private var position = 0

  init(_ path: String) throws(FileError) {
    let file = try FileDescriptor.reading(path)
    size = try file.regularSize()
    self.path = path
    self.file = file
  }

  /// The bytes not read yet.
  var remaining: Int { size - position }

  /// The next `count` elements, in this machine's byte order.
  mutating func next<Element: BitwiseCopyable>(
    _ count: Int, of type: Element.Type = Element.self
  ) throws(FileError) -> [Element] {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard count >= 0, !overflow, bytes <= remaining else {
      throw FileError(path, "ends too early: \(count) values are due and \(remaining) bytes left")
    }
    var failure: FileError?
    let elements = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(FileError) {
        unsafe try file.read(
          into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: bytes))
        filled = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    position += bytes
    return elements
  }

  /// The next `count` doubles as floats, read and rounded some at a time.
  mutating func nextRounded(_ count: Int) throws(FileError) -> [Float] {
    var floats: [Float] = []
    floats.reserveCapacity(count)
    while floats.count < count {
      let doubles = try next(min(count - floats.count, 1 << 16), of: Double.self)
      floats.append(contentsOf: doubles.lazy.map { Float($0) })
    }
    return floats
  }
}
