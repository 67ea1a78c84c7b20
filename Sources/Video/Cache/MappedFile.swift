// The fence around mmap. `unsafe` is sound here because the memory is mapped read-only for the length
// that the open file has, every read is checked against that length, and the mapping is undone when
// nobody holds it any more. A file that another program cuts while it is mapped ends the process
// (SIGBUS); ours are complete before they have their name, and later only unlinked, which keeps them.
import Foundation

/// A whole file as memory, read-only, shared with every process that maps it.
///
/// `@unchecked Sendable`: nothing is ever written to it.
@safe final class MappedFile: @unchecked Sendable {
  private let bytes: UnsafeRawBufferPointer

  /// Maps a regular file; nil where there is none of that name.
  ///
  /// - Throws: the system's reason, for a file that is there and cannot be mapped.
  init?(_ path: String) throws(VideoError) {
    let file = unsafe open(FileName.cString(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw FileStatus.failure(path)
    }
    defer { close(file) }
    let status = try FileStatus(of: file, path: path)
    guard status.isRegular else { throw VideoError(path: path, reason: "not a regular file") }
    guard status.size > 0 else {
      unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let memory = unsafe mmap(nil, status.size, PROT_READ, MAP_SHARED, file, 0)
    guard unsafe memory != MAP_FAILED else { throw FileStatus.failure(path) }
    unsafe bytes = UnsafeRawBufferPointer(start: memory, count: status.size)
  }

  deinit {
    guard let base = unsafe bytes.baseAddress else { return }
    unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
  }

  /// The length in bytes.
  var count: Int { unsafe bytes.count }

  /// Copies a range of bytes behind those of an array.
  func append(_ range: Range<Int>, to array: inout [UInt8]) {
    unsafe array.append(contentsOf: bytes[range])
  }

  /// The first bytes of the file, as far as it has so many.
  func prefix(_ length: Int) -> [UInt8] { unsafe Array(bytes.prefix(length)) }

  /// The checksum of the bytes from a place on.
  func checksum(from start: Int) -> UInt64 {
    unsafe Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[start...]))
  }
}
