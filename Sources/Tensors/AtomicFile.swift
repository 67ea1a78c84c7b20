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

  /// Creates or replaces the file at `path` with what `body` appends.
  ///
  /// - Throws: `FileError`, or what `body` throws.
  public static func write(
    to path: String, _ body: (borrowing AtomicFile) throws -> Void
  ) throws {
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

  /// Creates or replaces the file at `path` with `data`.
  ///
  /// - Throws: `FileError`.
  public static func write(_ data: Data, to path: String) throws {
    try write(to: path) { try $0.append(data) }
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
