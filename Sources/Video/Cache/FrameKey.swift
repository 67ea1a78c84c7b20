internal import CLibAV
import Foundation
import Tensors

/// What the frames of a store's entry depend on: the file as it is, how it is scaled, and by which code.
///
/// A file that was changed, replaced or cut since has another key, unless somebody gave it the old one's
/// size and time of change; its old entry is left to be evicted.
struct FrameKey: Sendable, Equatable {
  /// SHA-256 as 64 hexadecimal digits.
  let name: String

  /// The key of a sample whose file has the given status.
  init(_ sample: Sample, status: FileStatus, shortSide: Int) {
    var path = FileName.bytes(of: sample.path)
    if path.first != UInt8(ascii: "/") {
      let here = FileManager.default.currentDirectoryPath
      path = FileName.bytes(of: here + "/") + path
    }
    var hash = ContentHash()
    let facts = [
      // Counted up when the code comes to give other bytes.
      "frames 2", LibAVVersion.text, "swscale \(swscale_version()) on \(av_get_cpu_flags())",
      "short side \(shortSide)", "\(status.size) bytes, changed at \(status.modified)",
      sample.bytes.map { "bytes \($0.lowerBound) to \($0.upperBound)" } ?? "whole", "",
    ]
    hash.update(Array(facts.joined(separator: "\n").utf8) + path)
    name = hash.hexadecimal
  }
}
