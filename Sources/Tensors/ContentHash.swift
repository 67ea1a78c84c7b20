// `unsafe` is sound here because bytes are lent by arrays and data for one call each.
import Crypto
public import Foundation

/// A SHA-256 over arrays: equal hashes mean equal bits.
public struct ContentHash: Sendable {
  private var digest = SHA256()

  /// Starts with nothing.
  public init() {}

  /// Takes in the elements' bytes, in this machine's order (little-endian on all we support).
  public mutating func update<Element: BitwiseCopyable>(_ elements: [Element]) {
    unsafe elements.withUnsafeBytes { unsafe digest.update(bufferPointer: $0) }
  }

  /// Takes in bytes.
  public mutating func update(_ bytes: Data) { digest.update(data: bytes) }

  /// The 64 hexadecimal digits of what was taken in.
  public var hexadecimal: String {
    digest.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The hash of one array.
  public static func of<Element: BitwiseCopyable>(_ elements: [Element]) -> String {
    var hash = ContentHash()
    hash.update(elements)
    return hash.hexadecimal
  }

  /// The hash of a text's UTF-8.
  public static func of(_ text: String) -> String { of(Array(text.utf8)) }

  /// The hash of a file, and its size in bytes.
  ///
  /// - Throws: what `FileHandle` throws.
  public static func ofFile(_ path: String) throws -> (hexadecimal: String, size: Int) {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? file.close() }
    var hash = ContentHash()
    var size = 0
    while let part = try file.read(upToCount: 1 << 20), !part.isEmpty {
      hash.update(part)
      size += part.count
    }
    return (hash.hexadecimal, size)
  }
}
