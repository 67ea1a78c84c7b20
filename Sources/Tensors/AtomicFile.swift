// `unsafe` is sound here because pointers are lent by arrays and data for one call each.
public import Foundation

/// A file that appears under its name whole and flushed, or not at all.
///
/// It is written beside its name, flushed, and renamed; then the directory is flushed. A reader or
/// a crash never meets half of it, and a failed write leaves the earlier file as it was. A symbolic link
/// stays, and the file that it names is written.
public struct AtomicFile: ~Copyable {
  private let file: FileDescriptor

  private init(_ file: consuming FileDescriptor) { self.file = file }

  /// Names of what the process has open, which renaming would put another file in the place of.
  private static let openFiles = ["/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/"]

  /// Creates or replaces the file at `path` with what `body` appends.
  ///
  /// - Parameter ready: what to do when the new file is flushed, and the earlier one still in its place.
  /// - Throws: `FileError`, or what `body` and `ready` throw; the earlier file is then as it was.
  public static func write(
    to path: String, ready: () throws -> Void = {}, _ body: (borrowing AtomicFile) throws -> Void
  ) throws {
    guard !openFiles.contains(where: path.hasPrefix) else {
      throw FileError(path, "is no file that can be replaced", fault: .output)
    }
    let target = Self.target(of: path)
    let url = URL(fileURLWithPath: target)
    var status = stat()
    if unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG {
      throw FileError(path, "is not a regular file and cannot be replaced", fault: .output)
    }
    let directory = url.deletingLastPathComponent().path
    let partial = directory + "/.partial-" + UUID().uuidString.prefix(13)
    do {
      let file = AtomicFile(
        try FileDescriptor(partial, flags: O_WRONLY | O_CREAT | O_EXCL))
      try body(file)
      try file.file.synchronize()
      try ready()
      guard unsafe rename(partial, target) == 0 else {
        throw FileError.system(path, "cannot be replaced")
      }
    } catch {
      unsafe unlink(partial)
      guard let error = error as? FileError else { throw error }
      throw FileError(
        error.path == partial ? path : error.path, error.reason, fault: .output)
    }
    try synchronize(directory: directory)
  }

  /// The file that a path names in the end; where there is none yet, the path itself.
  private static func target(of path: String) -> String {
    guard let name = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(name) }
    return unsafe String(cString: name)
  }

  /// Creates or replaces the file at `path` with `data`; `ready` as above.
  ///
  /// - Throws: `FileError`, or what `ready` throws.
  public static func write(
    _ data: Data, to path: String, ready: () throws -> Void = {}
  ) throws {
    try write(to: path, ready: ready) { try $0.append(data) }
  }

  /// Waits until a directory's entries are on the disk.
  public static func synchronize(directory: String) throws(FileError) {
    try FileDescriptor(directory, flags: O_RDONLY | O_DIRECTORY).synchronize()
  }

  /// Appends bytes.
  public func append(_ data: Data) throws(FileError) {
    let result = unsafe data.withUnsafeBytes { bytes in
      Result { () throws(FileError) in unsafe try file.write(bytes) }
    }
    try result.get()
  }

  /// Appends the elements' bytes, in this machine's order (little-endian on all we support).
  public func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(FileError) {
    let result = unsafe elements.withUnsafeBytes { bytes in
      Result { () throws(FileError) in unsafe try file.write(bytes) }
    }
    try result.get()
  }
}
