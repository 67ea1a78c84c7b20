// The fence around POSIX's look at files. `unsafe` is sound here because every name is a
// null-terminated array that outlives its call, and entries are copied before the next is read.
import Foundation

/// What the system says about a file without opening it.
struct FileStatus: Sendable, Equatable {
  /// Whether it is a file with bytes, and no folder, pipe or device.
  let isRegular: Bool
  let isFolder: Bool
  /// The size in bytes.
  let size: Int
  /// When its bytes were last changed, in nanoseconds since 1970.
  let modified: Int
  /// Which file it is, on its file system and among all.
  let inode: UInt64
  let device: UInt64

  /// Looks at the file behind a name, through links.
  ///
  /// - Throws: the system's reason, for a missing file or a link into nothing.
  init(of path: String) throws(VideoError) {
    var status = stat()
    let name = FileName.cString(path)
    guard unsafe stat(name, &status) == 0 else { throw FileStatus.failure(path) }
    self.init(status)
  }

  /// Looks at an open file.
  init(of file: Int32, path: String) throws(VideoError) {
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw FileStatus.failure(path) }
    self.init(status)
  }

  private init(_ status: stat) {
    isRegular = status.st_mode & S_IFMT == S_IFREG
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    size = Int(status.st_size)
    modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
    inode = UInt64(status.st_ino)
    device = UInt64(status.st_dev)
  }

  /// The system's words for the call that just failed.
  static func failure(
    _ path: String, code: Int32 = errno, _ what: String = ""
  ) -> VideoError {
    let words = unsafe String(cString: strerror(code))
    return VideoError(path: path, reason: what + words, fault: .init(code))
  }

  static func isFolder(_ path: String) -> Bool {
    (try? FileStatus(of: path))?.isFolder ?? false
  }

  static func isRegular(_ path: String) -> Bool {
    (try? FileStatus(of: path))?.isRegular ?? false
  }

  /// The names in a folder, sorted by their bytes; hidden ones are left out.
  static func names(in folder: String) throws(VideoError) -> [String] {
    guard let stream = unsafe opendir(FileName.cString(folder)) else {
      throw failure(folder, "the folder cannot be listed: ")
    }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      // The end leaves it as it is, a failure does not.
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe Array(bytes.prefix { $0 != 0 })
      }
      if name.first != UInt8(ascii: ".") { names.append(name) }
    }
    if errno != 0 { throw failure(folder, "the folder cannot be listed: ") }
    return names.sorted { $0.lexicographicallyPrecedes($1) }.map { FileName.text(of: $0) }
  }
}

extension VideoError.Fault {
  /// Whose fault a failed system call is, by its `errno`.
  init(_ code: Int32) {
    switch code {
    case ENOENT, ENOTDIR: self = .missing
    case EACCES, EPERM: self = .permission
    case EMFILE, ENFILE, ENOMEM: self = .machine
    default: self = .content
    }
  }
}

extension FileName {
  /// The bytes of a name with a null at their end.
  static func cString(_ text: String) -> [CChar] {
    bytes(of: text).map { CChar(bitPattern: $0) } + [0]
  }
}
