// `unsafe` is sound here because the range that libav reads through lives on the heap, at one address,
// until the input that holds it is freed, by their one owner.
internal import CLibAV
import Foundation

/// An open file, or a range of one such as a member of a tar file, for libav to read.
///
/// The name is opened here, once, without following what the file says and without waiting on a pipe.
@safe struct MediaFile: ~Copyable {
  let path: String
  /// The bytes of the range.
  let length: Int
  /// libav's end of it.
  let input: UnsafeMutablePointer<AVIOContext>
  private let range: UnsafeMutablePointer<clibav_range>
  private let file: Int32

  /// Opens a regular file.
  ///
  /// - Parameter bytes: the range of the file that is read; nil for all of it.
  init(opening path: String, bytes: Range<Int>?) throws(VideoError) {
    // Without O_NONBLOCK a pipe would hang the open.
    let file = unsafe open(FileName.cString(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw FileStatus.failure(path) }
    var owned: Int32? = file
    defer { if let owned { close(owned) } }
    let status = try FileStatus(of: file, path: path)
    guard status.isRegular else { throw VideoError(path: path, reason: "not a regular file") }
    if status.size == 0 { throw VideoError(path: path, reason: "the file is empty") }
    let bytes = bytes ?? 0..<status.size
    if bytes.isEmpty { throw VideoError(path: path, reason: "the file is empty") }
    guard bytes.lowerBound >= 0, bytes.upperBound <= status.size else {
      throw VideoError(
        path: path,
        reason: "bytes \(bytes.lowerBound) to \(bytes.upperBound) are not in a file of "
          + "\(status.size) bytes")
    }
    try self.init(owning: file, bytes, path)
    owned = nil
  }

  /// Opens the bytes of an open file once more, whatever its name means by now.
  init(again other: borrowing MediaFile) throws(VideoError) {
    let file = fcntl(other.file, F_DUPFD_CLOEXEC, 0)
    guard file >= 0 else { throw FileStatus.failure(other.path) }
    var owned: Int32? = file
    defer { if let owned { close(owned) } }
    let start = unsafe Int(other.range.pointee.start)
    try self.init(owning: file, start..<start + other.length, other.path)
    owned = nil
  }

  /// - Parameter file: is closed by the owner where this fails, and with this otherwise.
  private init(owning file: Int32, _ bytes: Range<Int>, _ path: String) throws(VideoError) {
    let range = UnsafeMutablePointer<clibav_range>.allocate(capacity: 1)
    unsafe range.initialize(
      to: clibav_range(
        file: file, failure: 0, start: Int64(bytes.lowerBound), length: Int64(bytes.count),
        position: 0, budget: MediaFile.budget(bytes.count)))
    guard let input = unsafe clibav_range_input(range) else {
      unsafe range.deallocate()
      throw VideoError(path: path, reason: "no memory for a buffer")
    }
    self.path = path
    self.file = file
    length = bytes.count
    unsafe self.range = range
    unsafe self.input = input
  }

  deinit {
    unsafe clibav_range_input_free(input)
    unsafe range.deallocate()
    close(file)
  }

  /// How much is read at most until `refill`: every byte a few times over, as seeking in a badly
  /// interleaved file does, but not for ever.
  private static func budget(_ length: Int) -> Int64 { 16 * Int64(length) + (64 << 20) }

  /// Allows the next pass over the file.
  func refill() { unsafe range.pointee.budget = MediaFile.budget(length) }

  /// Fails if the system once failed to read, for any reason: libav takes some of these for the end.
  func checkReads() throws(VideoError) {
    let code = unsafe range.pointee.failure
    if code != 0 { throw FileStatus.failure(path, code: code, "cannot be read: ") }
  }

  /// Whether reading was stopped because the file was read over and over.
  var isExhausted: Bool { unsafe range.pointee.budget < 0 }
}
