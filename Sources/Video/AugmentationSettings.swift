/// How a training view is made from a clip: one draw of everything, the same for all its frames.
public struct AugmentationSettings: Codable, Sendable, Equatable {
  /// The smallest and largest share of the frame's area that a random crop keeps.
  public var area: [Float] = [0.4, 1]
  /// The smallest and largest aspect ratio of a random crop, width over height.
  public var aspect: [Float] = [0.75, 4.0 / 3.0]
  /// The probability of a horizontal flip.
  public var flip: Float = 0.5
  /// The probability of colour jitter.
  public var jitter: Float = 0.8
  /// Brightness is multiplied by a factor in 1 ± this.
  public var brightness: Float = 0.25
  /// Contrast is multiplied by a factor in 1 ± this.
  public var contrast: Float = 0.25
  /// Saturation is multiplied by a factor in 1 ± this.
  public var saturation: Float = 0.25
  /// Hue is turned by up to this share of the circle, at most 0.5.
  public var hue: Float = 0.15
  /// The probability of grayscale.
  public var grayscale: Float = 0.2
  /// The probability that a view shows residual frames: what changed since the frame before.
  public var residual: Float = 0
  /// The mean that is subtracted from red, green and blue, each in 0…1.
  public var mean: [Float] = [0.45, 0.45, 0.45]
  /// The deviation that red, green and blue are divided by.
  public var deviation: [Float] = [0.27, 0.27, 0.27]

  /// Creates the default settings.
  public init() {}
}
