/// Where in a video clips for evaluation are taken, and which part of the frame they show.
public struct EvaluationView: Sendable, Equatable {
  /// Where n windows lie.
  public enum Placement: Sendable {
    /// In the middle of n equal parts of the places that fit.
    case parts
    /// From the first place that fits to the last: VCOP's `linspace` of the centres, with the number of
    /// frames less one for the length of the video, as IIC's retrieval counts them.
    case ends
  }

  /// Which part of the frame becomes the clip's square.
  public enum Framing: Sendable, Equatable {
    /// As many pixels as the clip has, in the middle of the decoded frame.
    case pixels
    /// What the middle `side`×`side` pixels show of a frame that was stretched to 171×128, at the clip's
    /// own size: the same picture as in the published protocols, for clips of any size.
    case stretched(side: Int)
    /// The middle square whose side is this share of the short side, at the clip's own size.
    case square(share: Double)
  }

  /// The crops of a window.
  public enum Crops: String, Codable, Sendable, CaseIterable {
    /// One, in the middle of the frame.
    case centre
    /// Ten: in the corners and the middle of the frame, as filmed and then mirrored (Krizhevsky,
    /// Sutskever and Hinton, NIPS 2012, section 4.1; torchvision's `TenCrop`).
    case ten

    /// How many there are.
    public var count: Int { self == .centre ? 1 : 10 }
  }

  /// Where windows lie.
  public var placement: Placement
  /// What they show.
  public var framing: Framing
  /// The crops of a window.
  public var crops: Crops

  /// Says where, what, and of which crops.
  public init(placement: Placement, framing: Framing, crops: Crops = .centre) {
    self.placement = placement
    self.framing = framing
    self.crops = crops
  }

  /// What training embeds and `kindreel` measures.
  public static let standard = EvaluationView(placement: .parts, framing: .pixels)

  /// Window `k` of `n`; a single one is in the middle.
  func window(
    _ k: Int, of n: Int, frameCount: Int, frames: Int, stride: Int
  ) -> ClipWindow {
    guard placement == .ends, n > 1 else {
      return ClipSampler.uniform(k, of: n, frameCount: frameCount, frames: frames, stride: stride)
    }
    var window = ClipWindow(start: 0, frames: frames, stride: stride)
    window.start = max(0, frameCount - 1 - window.span) * k / (n - 1)
    return window
  }

  /// What crop `number` of a window shows: a part of the decoded frame, mirrored or not.
  func draw(_ number: Int, in frame: PixelSize, size: Int) -> ClipAugmentation.Draw {
    var crop = crop(of: frame, size: size)
    let corner = number % 5
    if crops == .ten, corner < 4 {
      crop.x = corner % 2 == 0 ? 0 : frame.width - crop.width
      crop.y = corner / 2 == 0 ? 0 : frame.height - crop.height
    }
    var draw = ClipAugmentation.Draw(crop: crop)
    draw.isFlipped = number >= 5
    return draw
  }

  /// The part of a decoded frame that a clip of `size`×`size` pixels shows in its middle.
  func crop(of frame: PixelSize, size: Int) -> CropRectangle {
    func pixels(_ share: Double, _ whole: Int) -> Int {
      min(whole, max(1, Int((share * Double(whole)).rounded())))
    }
    switch framing {
    case .pixels: return CropRectangle(centredIn: frame, side: size)
    case .square(let share):
      return CropRectangle(
        centredIn: frame, side: pixels(share, min(frame.width, frame.height)))
    case .stretched(let side):
      let width = pixels(Double(side) / 171, frame.width)
      let height = pixels(Double(side) / 128, frame.height)
      return CropRectangle(
        x: (frame.width - width) / 2, y: (frame.height - height) / 2, width: width, height: height)
    }
  }
}
