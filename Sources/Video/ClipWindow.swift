/// The frames of a video that make a clip: T of them, evenly spaced.
///
/// They are `start`, `start + stride`, `start + 2 · stride` and so on. An index past the end wraps to `index % frameCount`: a short video plays in a loop, so that a
/// clip of any length can be read from any video.
public struct ClipWindow: Sendable, Equatable {
  /// The first frame, counted from 0 in presentation order.
  public var start: Int
  /// The number of frames, T.
  public var frames: Int
  /// The distance between neighbours, in frames of the video.
  public var stride: Int

  /// Creates a window; `start` is at least 0, `frames` and `stride` at least 1.
  public init(start: Int, frames: Int, stride: Int) {
    precondition(
      start >= 0 && frames >= 1 && stride >= 1,
      "no window starts at \(start) with \(frames) frames, \(stride) apart")
    self.start = start
    self.frames = frames
    self.stride = stride
  }

  /// The frames of the video that the window spans, gaps included.
  public var span: Int { (frames - 1) * stride + 1 }

  /// The index of the window's frame `place` in a video of `frameCount` frames.
  public func index(_ place: Int, wrappingAt frameCount: Int) -> Int {
    (start + place * stride) % frameCount
  }
}
