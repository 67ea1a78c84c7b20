/// All frames of a video at one size.
public struct DecodedVideo: Sendable {
  /// The number of frames, T; at least 1.
  public let frameCount: Int
  /// The size of every frame.
  public let size: PixelSize
  /// The frames one after the other, T·H·W·3 bytes of RGB.
  public let pixels: [UInt8]

  /// Copies a window's frames, T·H·W·3; an index past the end wraps around.
  public func frames(_ window: ClipWindow) -> [UInt8] {
    let frameBytes = size.width * size.height * 3
    var clip: [UInt8] = []
    clip.reserveCapacity(window.frames * frameBytes)
    for place in 0..<window.frames {
      let start = window.index(place, wrappingAt: frameCount) * frameBytes
      clip.append(contentsOf: pixels[start..<start + frameBytes])
    }
    return clip
  }
}
