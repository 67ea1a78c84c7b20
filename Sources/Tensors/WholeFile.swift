// `unsafe` is sound here because each read gets the buffer's own length.
import Foundation

/// Small files that are read as a whole; pipes, as of a shell's `<(…)`, are files here, too.
public enum WholeFile {
  /// The bytes of a file.
  ///
  /// - Throws: `FileError`: missing, forbidden, or no file.
  public static func bytes(_ path: String) throws(FileError) -> [UInt8] {
    let file = try FileDescriptor(path, flags: O_RDONLY)
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
    while true {
      var failure: FileError?
      let count = unsafe buffer.withUnsafeMutableBytes { part in
        do throws(FileError) { return unsafe try file.readSome(into: part) } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      if count == 0 { return bytes }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  /// The text of a file.
  ///
  /// - Throws: `FileError`, also where it is not UTF-8.
  public static func text(_ path: String) throws(FileError) -> String {
    guard let text = String(validating: try bytes(path), as: UTF8.self) else {
      throw FileError(path, "cannot be read as UTF-8 text")
    }
    return text
  }
}
