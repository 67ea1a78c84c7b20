// `unsafe` is sound here because the clip's length is checked against frames and size before
// anything is written.
public import Tensors

/// Makes training views: one draw of everything, applied to all frames of a clip alike.
///
/// Semantics are torchvision's for float images in 0…1 (`RandomResizedCrop` without antialiasing,
/// `RandomHorizontalFlip`, `rotate`, `ColorJitter`, `RandomGrayscale`, `GaussianBlur`, `Normalize`, in
/// this order), except that contrast turns around the mean gray of the whole clip, so that it is the
/// same for all frames.
///
/// What the view shows comes last (`ViewRecipe.Content`). Residual frames are the difference of
/// normalised frames, the first one's from the last, as in Tao et al., "Self-supervised video representation learning using inter-intra contrastive
/// framework", ACM MM 2020 (arXiv 2008.02531). What stands still vanishes from them, so the network
/// must look at the motion to recognise the video; SLIC's released code (CVPR 2022) shows optical flow
/// instead of colours, with probability 0.25, to the same end.
public struct ClipAugmentation: Sendable {
  let settings: AugmentationSettings
  let size: Int

  /// Creates the augmentation for clips of `size`×`size` pixels.
  ///
  /// The settings must be usable: see their `problem`.
  public init(_ settings: AugmentationSettings, size: Int) {
    precondition(settings.problem == nil, settings.problem ?? "")
    precondition(size >= 1, "clips of \(size) pixels")
    self.settings = settings
    self.size = size
  }

  /// One change of colour.
  public enum Adjustment: Sendable, Equatable {
    /// Multiplies the channels.
    case brightness(Float)
    /// Scales the distance from the clip's mean gray.
    case contrast(Float)
    /// Scales the distance from the pixel's own gray.
    case saturation(Float)
    /// Turns the hue by a share of the circle, −0.5…0.5.
    case hue(Float)
  }

  /// Everything that is random about a view.
  public struct Draw: Sendable, Equatable {
    /// The part of the frame that is shown.
    public var crop: CropRectangle
    /// Left and right change places.
    public var isFlipped = false
    /// The turn in degrees, counter-clockwise, after cropping and flipping.
    public var rotation: Float = 0
    /// The dents, in their order, after turning.
    public var warps: [LocalWarp] = []
    /// The picture as a thin plate, after turning.
    public var spline: SplineWarp?
    /// The changes of colour, in their order.
    public var adjustments: [Adjustment] = []
    /// The colours are taken away.
    public var isGray = false
    /// The deviation of the blur in pixels; 0 for none.
    public var blurSigma: Float = 0
    /// What is shown; not motion vectors, which are no pixels.
    public var content = ViewRecipe.Content.rgb

    /// Creates a draw that shows a part of the frame and changes nothing.
    public init(crop: CropRectangle) { self.crop = crop }
  }

  /// Draws a view of frames of a size.
  public func draw(using random: inout RandomStream, in frame: PixelSize) -> Draw {
    var draw = Draw(crop: drawCrop(using: &random, in: frame))
    draw.isFlipped = random.chance(settings.flip)
    if random.chance(settings.jitter) {
      func factor(_ spread: Float) -> Float {
        random.uniform(in: max(0, 1 - spread)...(1 + spread))
      }
      let adjustments: [Adjustment] = [
        .brightness(factor(settings.brightness)), .contrast(factor(settings.contrast)),
        .saturation(factor(settings.saturation)),
        .hue(random.uniform(in: -settings.hue...settings.hue)),
      ]
      draw.adjustments = random.permutation(of: 4).map { adjustments[$0] }
    }
    draw.isGray = random.chance(settings.grayscale)
    let replacement = random.uniform()
    if replacement < settings.residual {
      draw.content = .residual
    } else if replacement < settings.residual + settings.motionVectors {
      draw.content = .mv
    }
    if random.chance(settings.blur) {
      draw.blurSigma = random.uniform(in: settings.blurSigma[0]...settings.blurSigma[1])
    }
    if settings.rotation > 0 {
      draw.rotation = random.uniform(in: -settings.rotation...settings.rotation)
    }
    return draw
  }

  /// Writes the view that a draw describes.
  ///
  /// - Parameters:
  ///   - pixels: T·H·W·3 bytes of RGB.
  ///   - clip: C·T·size·size planes; colours are normalised as (value / 255 − mean) / deviation.
  public func apply(
    _ draw: Draw, to pixels: [UInt8], frames: Int, of frame: PixelSize,
    into clip: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(draw.crop.isInside(frame), "\(draw.crop) is not inside \(frame)")
    let planes = unsafe ColourPlanes(clip, pixels: frames * size * size)
    let resize = BilinearResize(draw.crop, of: frame, to: size, isFlipped: draw.isFlipped)
    unsafe resize.apply(to: pixels, frames: frames, into: clip)
    if draw.rotation != 0 {
      unsafe PixelMap(turning: draw.rotation, side: size).apply(to: clip)
    }
    if !draw.warps.isEmpty { unsafe PixelMap(draw.warps, side: size).apply(to: clip) }
    if let spline = draw.spline { unsafe PixelMap(spline, side: size).apply(to: clip) }
    for adjustment in draw.adjustments {
      switch adjustment {
      case .brightness(let factor): planes.brighten(by: factor)
      case .contrast(let factor): planes.contrast(by: factor)
      case .saturation(let factor): planes.saturate(by: factor)
      case .hue(let turn): planes.turnHue(by: turn)
      }
    }
    if draw.isGray { planes.saturate(by: 0) }
    if draw.blurSigma > 0 {
      let blur = GaussianBlur(width: settings.blurKernel, sigma: draw.blurSigma)
      unsafe blur.apply(to: clip, side: size)
    }
    show(draw.content, in: planes, frames: frames)
  }

  /// Turns colours in 0…1 into what the view shows.
  private func show(_ content: ViewRecipe.Content, in planes: ColourPlanes, frames: Int) {
    let (mean, deviation) = settings.normalised
    switch content {
    case .rgb: planes.normalise(mean: mean, deviation: deviation)
    case .residual, .difference:
      planes.normalise(mean: mean, deviation: deviation)
      planes.subtractPrevious(frames: frames, wrapping: content == .residual)
      if settings.normalisation == .none { planes.raiseDifferences() }
    case .lightness, .ab: planes.showLab(content == .lightness ? .lightness : .colours)
    case .luma, .cbcr: planes.showYCbCr(content == .luma ? .lightness : .colours)
    case .mv: preconditionFailure("motion vectors are not made from pixels")
    }
  }
}
