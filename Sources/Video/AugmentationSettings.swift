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
  /// The probability that a view other than the first shows residual frames: what changed since the
  /// frame before.
  public var residual: Float = 0
  /// The probability that it shows the codec's motion vectors instead; both make 1 at most.
  public var motionVectors: Float = 0
  /// The probability of a Gaussian blur.
  public var blur: Float = 0
  /// The smallest and largest deviation of the blur, in pixels of the view.
  public var blurSigma: [Float] = [0.1, 2]
  /// The width of the blur's kernel, in pixels of the view; odd (SimCLR's is a tenth of the side).
  public var blurKernel = 5
  /// Views are turned by up to this many degrees, either way; what comes from outside is black.
  public var rotation: Float = 0
  /// Which mean is subtracted, and which deviation divides: a known set, or the two that follow.
  public var normalisation = Normalisation.own
  /// The mean that is subtracted from red, green and blue, each in 0…1.
  public var mean: [Float] = [0.45, 0.45, 0.45]
  /// The deviation that red, green and blue are divided by.
  public var deviation: [Float] = [0.27, 0.27, 0.27]

  /// Creates the default settings.
  public init() {}
}

/// The mean and the deviation of red, green and blue in 0…1 that views are normalised with.
public enum Normalisation: String, Codable, Sendable, CaseIterable {
  /// `augmentation.mean` and `augmentation.deviation`.
  case own
  /// Of Kinetics, as Hara's and SLIC's networks are trained with.
  case kinetics
  /// Of ImageNet.
  case imagenet
  /// Values stay in 0…1, as in the protocols of VCOP and IIC; so do residual frames, as IIC's:
  /// (x(t) − x(t − 1) + 1) / 2.
  case none
}

extension AugmentationSettings {
  /// Whether chance decides what a view of a list shows: colours, residual frames or motion vectors.
  public func mayReplace(_ recipe: ViewRecipe, view: Int) -> Bool {
    view > 0 && recipe.content == .rgb && residual + motionVectors > 0
  }

  /// The mean and the deviation in force, three numbers each.
  public var normalised: (mean: [Float], deviation: [Float]) {
    switch normalisation {
    case .own: (mean, deviation)
    case .kinetics: ([0.4345, 0.4051, 0.3775], [0.2768, 0.2713, 0.2737])
    case .imagenet: ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    case .none: ([0, 0, 0], [1, 1, 1])
    }
  }
}
