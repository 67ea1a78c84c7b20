import Foundation

/// Where commands and lasting notes are said; nothing depends on whether somebody hears.
public enum StandardError {
  /// Writes a line; on a closed or full standard error it is lost.
  public static func say(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
  }
}
