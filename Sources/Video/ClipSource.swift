import Tensors

/// Training views and evaluation clips of a manifest's samples: files in, normalised floats out.
///
/// A view depends on (seed, epoch, sample, view) and on the file, never on who asks or when.
public final class ClipSource: Sendable {
  private let cache: FrameCache
  private let settings: VideoSettings
  private let augmentation: ClipAugmentation
  private let seed: UInt64

  /// Creates a source that keeps at most `byteLimit` bytes of decoded frames.
  ///
  /// The settings must be usable: see their `problem`.
  public init(
    manifest: Manifest, settings: VideoSettings, augmentation: AugmentationSettings,
    byteLimit: Int, seed: UInt64
  ) {
    precondition(settings.problem == nil, settings.problem ?? "")
    cache = FrameCache(manifest: manifest, shortSide: settings.shortSide, byteLimit: byteLimit)
    self.settings = settings
    self.augmentation = ClipAugmentation(augmentation, size: settings.size)
    self.seed = seed
  }

  /// The decoded frames behind the clips.
  public var frames: FrameCache { cache }

  /// The number of floats in a clip, C·T·H·W with C = 3.
  public var clipElements: Int { 3 * settings.frames * settings.size * settings.size }

  /// Writes one randomly placed and augmented view of a sample, C·T·H·W.
  ///
  /// - Throws: why the file cannot be decoded.
  public func augmentedClip(
    sample: Int, epoch: Int, view: Int, into clip: UnsafeMutableBufferPointer<Float>
  ) throws(VideoError) {
    var places = RandomStream(
      seed: seed, purpose: .window, epoch: epoch, sample: sample, view: view)
    let window = ClipSampler.random(
      frameCount: try cache.frameCount(sample), frames: settings.frames, stride: settings.stride,
      using: &places)
    let (pixels, size) = try cache.frames(sample, window)
    var looks = RandomStream(
      seed: seed, purpose: .augmentation, epoch: epoch, sample: sample, view: view)
    let draw = augmentation.draw(using: &looks, in: size)
    unsafe augmentation.apply(draw, to: pixels, frames: settings.frames, of: size, into: clip)
  }

  /// Writes clip `k` of `n` evenly placed ones, centre-cropped and without any randomness, C·T·H·W.
  ///
  /// - Throws: why the file cannot be decoded.
  public func evaluationClip(
    sample: Int, clip k: Int, of n: Int, into clip: UnsafeMutableBufferPointer<Float>
  ) throws(VideoError) {
    let window = ClipSampler.uniform(
      k, of: n, frameCount: try cache.frameCount(sample), frames: settings.frames,
      stride: settings.stride)
    let (pixels, size) = try cache.frames(sample, window)
    unsafe augmentation.centred(pixels, frames: settings.frames, of: size, into: clip)
  }

  /// Decodes a sample, keeps it if there is room, and returns the number of its frames.
  ///
  /// - Throws: why the file cannot be decoded.
  public func check(sample: Int) throws(VideoError) -> Int { try cache.frameCount(sample) }
}
