import Synchronization

/// The velocities of a manifest's videos, kept in memory as far as a limit allows.
///
/// Memoisation and nothing else, as `FrameCache`. Two lanes that ask for one new sample at once both
/// decode it, and one result is kept.
final class MotionCache: Sendable {
  private struct Kept {
    var videos: [Int: MotionVideo] = [:]
    var bytes = 0
  }

  private let manifest: Manifest
  private let byteLimit: Int
  private let kept = Mutex(Kept())

  init(manifest: Manifest, byteLimit: Int) {
    self.manifest = manifest
    self.byteLimit = byteLimit
  }

  /// The velocities of a sample.
  ///
  /// - Throws: why the file cannot be decoded.
  func video(_ index: Int) throws(VideoError) -> MotionVideo {
    if let video = kept.withLock({ $0.videos[index] }) { return video }
    let sample = manifest.samples[index]
    let video = try MotionReader(opening: sample.path, bytes: sample.bytes).read()
    let bytes = video.cells.count * MemoryLayout<Int16>.stride
    kept.withLock { kept in
      guard kept.videos[index] == nil, kept.bytes + bytes <= byteLimit else { return }
      kept.videos[index] = video
      kept.bytes += bytes
    }
    return video
  }
}
