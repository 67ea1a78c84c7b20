// The fence around POSIX files. `unsafe` is sound here because every pointer comes from a closure
// that lends a buffer of stated length, and no call reads or writes past that length.
import Foundation

/// An open file, closed when its owner is gone; failures name the path and the system's reason.
struct FileDescriptor: ~Copyable, Sendable {
  let path: String
  private let number: Int32

  init(_ path: String, flags: Int32, mode: mode_t = 0o666) throws(FileError) {
    self.path = path
    number = unsafe open(path, flags | O_CLOEXEC, mode)
    if number < 0 { throw .system(path, "cannot be opened") }
  }

  /// Opens a file to be read; without O_NONBLOCK a FIFO would hang the open.
  static func reading(_ path: String) throws(FileError) -> FileDescriptor {
    try FileDescriptor(path, flags: O_RDONLY | O_NONBLOCK)
  }

  /// Standard input, which stays open when the owner is gone.
  static func standardInput() throws(FileError) -> FileDescriptor {
    try FileDescriptor(duplicating: STDIN_FILENO, path: "standard input")
  }

  private init(duplicating number: Int32, path: String) throws(FileError) {
    self.path = path
    self.number = fcntl(number, F_DUPFD_CLOEXEC, 0)
    if self.number < 0 { throw .system(path, "cannot be opened") }
  }

  deinit { close(number) }

  /// The size in bytes of a regular file; anything else is refused.
  func regularSize() throws(FileError) -> Int {
    let status = try status()
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path, "is not a regular file")
    }
    return Int(status.st_size)
  }

  /// The bytes of a regular file from here on, or nil for a pipe or another stream.
  ///
  /// - Throws: for a folder or a disk.
  func sizeUnlessPipe() throws(FileError) -> Int? {
    let status = try status()
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(status.st_size) - Int(lseek(number, 0, SEEK_CUR))
    case S_IFIFO, S_IFSOCK, S_IFCHR: return nil
    default: throw FileError(path, "is neither a file nor a pipe")
    }
  }

  private func status() throws(FileError) -> stat {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .system(path, "has no status") }
    return status
  }

  /// Writes all of `bytes`.
  @unsafe
  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let written = unsafe Foundation.write(
        number, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw .system(path, "cannot be written") }
      done += written
    }
  }

  /// Fills `bytes` from the place of the last read, or from `offset`; a file that ends before is an
  /// error.
  @unsafe
  func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int? = nil
  ) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let (target, rest) = unsafe (bytes.baseAddress?.advanced(by: done), bytes.count - done)
      let count =
        if let offset { unsafe pread(number, target, rest, off_t(offset + done)) } else {
          unsafe Foundation.read(number, target, rest)
        }
      if count < 0 && mayGoOn() { continue }
      if count < 0 { throw .system(path, "cannot be read") }
      guard count > 0 else {
        throw FileError(path, "ends \(bytes.count - done) bytes too early")
      }
      done += count
    }
  }

  /// Reads what is there, up to the length of `bytes`; 0 at the end.
  @unsafe
  func readSome(into bytes: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    while true {
      let count = unsafe Foundation.read(number, bytes.baseAddress, bytes.count)
      if count >= 0 { return count }
      guard mayGoOn() else { throw .system(path, "cannot be read") }
    }
  }

  /// Whether a read that failed is worth another try: it was interrupted, or a pipe that does not block had
  /// nothing, whereupon this waits.
  private func mayGoOn() -> Bool {
    if errno == EINTR { return true }
    guard errno == EAGAIN else { return false }
    var wait = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&wait, 1, -1) >= 0 || errno == EINTR
  }

  /// Waits until the file, or the directory's entries, are on the disk.
  func synchronize() throws(FileError) {
    // Some file systems cannot flush a directory and say EINVAL; there is nothing better to do.
    guard fsync(number) == 0 || errno == EINVAL else { throw .system(path, "cannot be flushed") }
  }
}

extension FileError {
  /// An error that ends with the system's text for the last failed call.
  static func system(_ path: String, _ what: String) -> FileError {
    let code = errno
    let fault: Fault =
      switch code {
      case ENOENT, ENOTDIR: .missing
      case EACCES, EPERM: .permission
      case EISDIR: .content
      default: .operation
      }
    return unsafe FileError(path, "\(what): \(String(cString: strerror(code)))", fault: fault)
  }
}
