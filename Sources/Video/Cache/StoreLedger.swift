// The fence around file locks. `unsafe` is sound here because every pointer is lent by an array for
// one call of stated length.
import Foundation

/// How many bytes the entries of a store have, in a file that is locked while anybody changes them.
///
/// The lock is the kernel's (`flock`): it goes with its process, however that ends. While a ledger
/// lives, its holder is alone among all processes and threads.
struct StoreLedger: ~Copyable {
  private let file: Int32
  private let path: String

  /// Waits for the lock.
  ///
  /// - Throws: the system's reason, with its number.
  init(locking directory: String) throws(VideoError) {
    path = VideoFolder.join(directory, "ledger")
    let opened = unsafe open(FileName.cString(path), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard opened >= 0 else { throw VideoError.system(directory, "cannot be written") }
    while flock(opened, LOCK_EX) != 0 {
      guard errno == EINTR else {
        let error = VideoError.system(directory, "cannot be locked")
        close(opened)
        throw error
      }
    }
    file = opened
  }

  deinit { close(file) }

  /// The bytes as they were last written; nil where they are not known.
  var bytes: Int? {
    var text = [UInt8](repeating: 0, count: 24)
    let length = unsafe text.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, 24, 0) }
    guard length == 24 else { return nil }
    return Int(String(decoding: text, as: UTF8.self).filter { $0 != " " && $0 != "\n" })
  }

  /// Notes the bytes.
  func note(_ bytes: Int) throws(VideoError) {
    let digits = String(max(bytes, 0))
    let text = Array(
      (String(repeating: " ", count: max(0, 23 - digits.count)) + digits + "\n").utf8)
    let length = unsafe text.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, 0) }
    guard length == text.count else { throw VideoError.system(path, "cannot be written") }
  }
}

/// A file that is being written under a name of its own, at its full length from the start.
struct PartialFile: ~Copyable {
  let path: String
  private let file: Int32

  /// Creates the file; its length is what a directory listing tells, though nothing is in it yet.
  init(_ path: String, length: Int) throws(VideoError) {
    let file = unsafe open(
      FileName.cString(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw VideoError.system(path, "cannot be created") }
    guard ftruncate(file, off_t(length)) == 0 else {
      let error = VideoError.system(path, "cannot be written")
      close(file)
      unsafe unlink(FileName.cString(path))
      throw error
    }
    self.path = path
    self.file = file
  }

  deinit { close(file) }

  /// Writes bytes at a place.
  func write(_ bytes: [UInt8], at start: Int) throws(VideoError) {
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { bytes in
        unsafe pwrite(
          file, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(start + done))
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw VideoError.system(path, "cannot be written") }
      done += written
    }
  }
}

extension VideoError {
  /// The system's words and number for the call that just failed.
  static func system(_ path: String, _ what: String) -> VideoError {
    let code = errno
    return unsafe VideoError(
      path: path, reason: "\(what): \(String(cString: strerror(code))) (errno \(code))")
  }
}
