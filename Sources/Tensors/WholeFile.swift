// `unsafe` is sound here because each read gets the buffer's own length.
import Foundation

/// Small files that are read as a whole; pipes, as of a shell's `<(…)`, are files here, too.
public enum WholeFile {
  /// Larger files are not read as a whole.
  public static let mostBytes = 1 << 30

  /// The bytes of a file.
  ///
  /// - Parameter limit: more are refused, before they are read where the file has a size.
  /// - Throws: `FileError`: missing, forbidden, too large, or no file.
  public static func bytes(
    _ path: String, atMost limit: Int = mostBytes
  ) throws(FileError) -> [UInt8] {
    let file = try FileDescriptor(path, flags: O_RDONLY)
    func refuse(_ size: String) -> FileError {
      FileError(path, "has \(size) bytes, and at most \(limit) are read")
    }
    if let size = try file.sizeUnlessPipe(), size > limit { throw refuse("\(size)") }
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
      guard bytes.count + count <= limit else { throw refuse("more than \(limit)") }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  /// The text of a file.
  ///
  /// - Throws: `FileError`, also where it is not UTF-8.
  public static func text(
    _ path: String, atMost limit: Int = mostBytes
  ) throws(FileError) -> String {
    guard let text = String(validating: try bytes(path, atMost: limit), as: UTF8.self) else {
      throw FileError(path, "cannot be read as UTF-8 text")
    }
    return text
  }
}
