// `unsafe` is sound here because every read fills an array that is as long as it says.
import Foundation

/// A regular file that is read by place.
struct PlainFile: ~Copyable {
  let path: String
  let status: FileStatus
  private let file: Int32

  init(opening path: String) throws(VideoError) {
    let file = unsafe open(FileName.cString(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw FileStatus.failure(path) }
    let status: FileStatus
    do throws(VideoError) {
      status = try FileStatus(of: file, path: path)
      guard status.isRegular else { throw VideoError(path: path, reason: "not a regular file") }
    } catch {
      close(file)
      throw error
    }
    self.path = path
    self.status = status
    self.file = file
  }

  deinit { close(file) }

  /// Exactly `count` bytes from a place on.
  func bytes(at place: Int, count: Int) throws(VideoError) -> [UInt8] {
    let all = try upTo(count, at: place)
    guard all.count == count else {
      throw VideoError(path: path, reason: "ends \(count - all.count) bytes too early")
    }
    return all
  }

  /// The next bytes from a place on; fewer than `count` at the end.
  func upTo(_ count: Int, at place: Int) throws(VideoError) -> [UInt8] {
    var failure: VideoError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let got = unsafe pread(
          file, buffer.baseAddress?.advanced(by: done), count - done, off_t(place + done))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = FileStatus.failure(path) }
        if got <= 0 { return }
        done += got
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
