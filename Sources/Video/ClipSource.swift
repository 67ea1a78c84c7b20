import Foundation
import Tensors

/// Training views and evaluation clips of a manifest's samples: files in, normalised floats out.
///
/// A view depends on (seed, epoch, sample, view) and on the file, never on who asks or when.
public final class ClipSource: Sendable {
  private let cache: FrameCache
  private let settings: VideoSettings
  private let augmentation: ClipAugmentation
  private let planner: ViewPlanner
  private let motion: MotionCache

  /// Creates a source that keeps at most `byteLimit` bytes of decoded frames.
  ///
  /// The settings must be usable: see their `problem`.
  /// - Parameters:
  ///   - views: what each view of a video shows. Where one shows motion vectors, half of the bytes are
  ///     for those.
  ///   - warn: is told, once each, of what is wrong and does not stop a run: a disk cache that cannot be
  ///     written, a codec that has no motion vectors.
  public init(
    manifest: Manifest, settings: VideoSettings, augmentation: AugmentationSettings,
    views: [ViewRecipe] = [ViewRecipe(), ViewRecipe()], byteLimit: Int, seed: UInt64,
    warn: @escaping @Sendable (String) -> Void = ClipSource.sayOnStandardError
  ) {
    precondition(settings.problem == nil, settings.problem ?? "")
    let showsMotion =
      views.contains { $0.content == .mv }
      || augmentation.motionVectors > 0 && views.dropFirst().contains { $0.content == .rgb }
    let motionBytes = showsMotion ? byteLimit / 2 : 0
    cache = FrameCache(
      manifest: manifest, shortSide: settings.shortSide, byteLimit: byteLimit - motionBytes,
      store: FrameStore.opened(for: settings, warn: warn))
    motion = MotionCache(manifest: manifest, byteLimit: motionBytes, warn: warn)
    self.settings = settings
    self.augmentation = ClipAugmentation(augmentation, size: settings.size)
    planner = ViewPlanner(views, video: settings, augmentation: self.augmentation, seed: seed)
  }

  /// Writes a line to standard error.
  public static let sayOnStandardError: @Sendable (String) -> Void = { text in
    StandardError.say("kindreel: \(text)")
  }

  /// The decoded frames behind the clips.
  public var frames: FrameCache { cache }

  /// The number of floats in a clip, C·T·H·W with C = 3.
  public var clipElements: Int { 3 * settings.frames * settings.size * settings.size }

  /// Writes one view of a sample, randomly placed and augmented as its recipe says, C·T·H·W.
  ///
  /// - Throws: why the file cannot be decoded.
  public func augmentedClip(
    sample: Int, epoch: Int, view: Int, into clip: UnsafeMutableBufferPointer<Float>
  ) throws(VideoError) {
    let name = ViewPlanner.Name(epoch: epoch, sample: sample, view: view)
    let count = try cache.frameCount(sample)
    let window = planner.window(name, frameCount: count)
    let (pixels, size) = try cache.frames(sample, window)
    let (draw, order) = planner.look(name, in: size)
    guard draw.content == .mv else {
      let frames = order == Array(order.indices) ? pixels : Self.reordered(pixels, order)
      unsafe augmentation.apply(draw, to: frames, frames: settings.frames, of: size, into: clip)
      return
    }
    let moving = MotionView(
      video: try motion.video(sample), draw: draw, frame: size, side: settings.size,
      pace: planner.recipe(name).order.pace)
    let last = moving.video.frameCount - 1
    unsafe moving.apply(
      indices: order.map { min(window.index($0, wrappingAt: count), last) }, into: clip)
  }

  /// Whether a view shows its video as it was filmed, and one of some contents, so that its row may stand
  /// for the video.
  public func mayStandForVideo(view: Int, showing contents: [ViewRecipe.Content]) -> Bool {
    planner.mayStandForVideo(view: view, showing: contents)
  }

  /// What the channels of a view hold, where its recipe leaves that to chance.
  func content(sample: Int, epoch: Int, view: Int) throws(VideoError) -> ViewRecipe.Content {
    let name = ViewPlanner.Name(epoch: epoch, sample: sample, view: view)
    let window = planner.window(name, frameCount: try cache.frameCount(sample))
    return planner.look(name, in: try cache.frames(sample, window).size).draw.content
  }

  /// The frames of T·H·W·3 bytes in another order.
  private static func reordered(_ pixels: [UInt8], _ order: [Int]) -> [UInt8] {
    let frameBytes = pixels.count / order.count
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for frame in order { result += pixels[frame * frameBytes..<(frame + 1) * frameBytes] }
    return result
  }

  /// Writes a clip of one of `n` evenly placed windows without any randomness, C·T·H·W: clips
  /// 0 ..< n · `view.crops.count`, window after window.
  ///
  /// - Parameter last: the window of the clip before, which is decoded once for all crops that follow one
  ///   another; nil at first.
  /// - Throws: why the file cannot be decoded.
  public func evaluationClip(
    sample: Int, clip k: Int, of n: Int, view: EvaluationView = .standard,
    showing content: ViewRecipe.Content = .rgb, after last: inout DecodedWindow?,
    into clip: UnsafeMutableBufferPointer<Float>
  ) throws(VideoError) {
    let window = view.window(
      k / view.crops.count, of: n, frameCount: try cache.frameCount(sample),
      frames: settings.frames, stride: settings.stride)
    let decoded: DecodedWindow
    if let last, last.sample == sample, last.window == window {
      decoded = last
    } else {
      let (pixels, size) = try cache.frames(sample, window)
      decoded = DecodedWindow(sample: sample, window: window, pixels: pixels, size: size)
      last = decoded
    }
    var draw = view.draw(k % view.crops.count, in: decoded.size, size: settings.size)
    draw.content = content
    unsafe augmentation.apply(
      draw, to: decoded.pixels, frames: settings.frames, of: decoded.size, into: clip)
  }

  /// The frames of a window of a sample.
  public struct DecodedWindow: Sendable {
    let sample: Int
    let window: ClipWindow
    let pixels: [UInt8]
    let size: PixelSize
  }

  /// The number of a sample's frames, for which it is decoded, and kept if there is room, unless a scan
  /// knows it.
  ///
  /// - Throws: why the file cannot be decoded.
  public func check(sample: Int) throws(VideoError) -> Int { try cache.check(sample) }
}
