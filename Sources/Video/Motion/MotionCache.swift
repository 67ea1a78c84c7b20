import Synchronization

/// The velocities of a manifest's videos, kept in memory as far as a limit allows.
///
/// Memoisation and nothing else, as `FrameCache`. Two lanes that ask for one new sample at once both
/// decode it, and one result is kept.
final class MotionCache: Sendable {
  private struct Kept {
    var videos: [Int: MotionVideo] = [:]
    var bytes = 0
    var silentCodecs: Set<String> = []
  }

  private let manifest: Manifest
  private let byteLimit: Int
  private let kept = Mutex(Kept())
  private let warn: @Sendable (String) -> Void

  /// - Parameter warn: is told once of every codec that has no vectors.
  init(
    manifest: Manifest, byteLimit: Int, warn: @escaping @Sendable (String) -> Void
  ) {
    self.warn = warn
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
    if let codec = video.silentCodec,
      kept.withLock({ $0.silentCodecs.insert(codec).inserted })
    {
      warn(
        "\(sample.id): no motion vectors come from its codec, \(codec); views of motion (mv) show "
          + "nothing of such videos")
    }
    let bytes = video.cells.count * MemoryLayout<Int16>.stride
    kept.withLock { kept in
      guard kept.videos[index] == nil, kept.bytes + bytes <= byteLimit else { return }
      kept.videos[index] = video
      kept.bytes += bytes
    }
    return video
  }
}
