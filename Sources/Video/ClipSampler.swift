public import Tensors

/// Where in a video a clip is taken: indices in, indices out.
public enum ClipSampler {
  /// A window at a random place, every start that fits being equally likely.
  ///
  /// A video shorter than the window is read in a loop from its first frame.
  public static func random(
    frameCount: Int, frames: Int, stride: Int, using random: inout RandomStream
  ) -> ClipWindow {
    var window = ClipWindow(start: 0, frames: frames, stride: stride)
    window.start = random.integer(below: max(0, frameCount - window.span) + 1)
    return window
  }

  /// Window `k` of `n` whose centres are evenly spaced over the video; one window is in the middle.
  ///
  /// A video shorter than the window is read in a loop from its first frame.
  public static func uniform(
    _ k: Int, of n: Int, frameCount: Int, frames: Int, stride: Int
  ) -> ClipWindow {
    precondition(n >= 1 && (0..<n).contains(k), "there is no clip \(k) of \(n)")
    var window = ClipWindow(start: 0, frames: frames, stride: stride)
    window.start = max(0, frameCount - window.span) * (2 * k + 1) / (2 * n)
    return window
  }
}
