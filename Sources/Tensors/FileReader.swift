// `unsafe` is sound here because each read fills exactly the memory that was allocated for it.
import Foundation

/// A file read from its start to its end: a regular one, with the rest's size known before allocating,
/// or a pipe, which has as much as it has.
struct FileReader: ~Copyable {
  private let file: FileDescriptor
  let path: String
  /// The length in bytes; nil for a pipe.
  let size: Int?
  /// The bytes read.
  private(set) var position = 0

  /// The name that stands for standard input where pipes are read.
  static let standardInput = "-"

  /// The bytes of one read, after which the caller is told how far it is.
  private static let piece = 16 << 20

  /// Opens a regular file.
  init(_ path: String) throws(FileError) {
    let file = try FileDescriptor.reading(path)
    size = try file.regularSize()
    self.path = path
    self.file = file
  }

  /// Opens a regular file, a pipe, as of a shell's `<(…)`, or standard input, whose name is "-".
  init(streaming path: String) throws(FileError) {
    let file =
      try path == Self.standardInput ? .standardInput() : FileDescriptor(path, flags: O_RDONLY)
    size = try file.sizeUnlessPipe()
    self.path = file.path
    self.file = file
  }

  /// The bytes not read yet; of a pipe, the most there could be.
  var remaining: Int { (size ?? .max) - position }

  /// Whether nothing follows.
  ///
  /// Of a pipe, a byte that follows is lost.
  mutating func isAtEnd() throws(FileError) -> Bool {
    if size != nil { return remaining == 0 }
    var byte: UInt8 = 0
    var failure: FileError?
    let count = unsafe withUnsafeMutableBytes(of: &byte) { buffer in
      do throws(FileError) { return unsafe try file.readSome(into: buffer) } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count == 0
  }

  /// The next `count` elements, in this machine's byte order.
  ///
  /// - Parameter progress: told the bytes of them that are there, now and then.
  mutating func next<Element: BitwiseCopyable>(
    _ count: Int, of type: Element.Type = Element.self, progress: (Int) -> Void = { _ in }
  ) throws(FileError) -> [Element] {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard count >= 0, !overflow, bytes <= remaining else {
      throw FileError(path, "ends too early: \(count) values are due and \(remaining) bytes left")
    }
    var failure: FileError?
    let elements = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      let memory = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: bytes)
      do throws(FileError) {
        for first in stride(from: 0, to: bytes, by: Self.piece) {
          let end = min(first + Self.piece, bytes)
          unsafe try file.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[first..<end]))
          progress(end)
        }
        filled = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    position += bytes
    return elements
  }

  /// The next `count` doubles as floats, read and rounded some at a time.
  mutating func nextRounded(
    _ count: Int, progress: (Int) -> Void = { _ in }
  ) throws(FileError) -> [Float] {
    var floats: [Float] = []
    floats.reserveCapacity(count)
    while floats.count < count {
      let doubles = try next(min(count - floats.count, 1 << 16), of: Double.self)
      floats.append(contentsOf: doubles.lazy.map { Float($0) })
      progress(floats.count * MemoryLayout<Double>.stride)
    }
    return floats
  }
}
