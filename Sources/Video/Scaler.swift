/// Turns decoded pictures of any pixel format into RGB of one size.
///
/// Bilinear with exact rounding, so that equal pictures give equal bytes. The colour matrix and the
/// range are those that the stream declares. Where a picture shrinks both ways, red, green and blue
/// are made in planes and then interleaved: the same bytes in a third of the time, because libav's
/// vector code writes planes alone. (In other cases its two ways differ by one.)
///
/// A picture that shrinks to less than a 64th goes there in several steps. Libav would do it in two
/// when its filters grow beyond 170 taps (FFmpeg 5.1: from 84 times on), and then takes bytes into its
/// sums that nobody wrote: what comes out depends on what the memory held before.
struct Scaler: ~Copyable {
  private let path: String
  private var source: ScalingStep.Source?
  private var target: PixelSize?
  private var steps: [ScalingStep] = []

  /// The most that one step shrinks a side.
  private static let mostShrinking = 64

  init(for path: String) { self.path = path }

  /// Scales a picture, or the part of it in `crop` (stored coordinates), into the H·W·3 bytes from `start` on.
  ///
  /// - Parameters:
  ///   - target: the size before it is turned as displayed.
  mutating func scale(
    _ picture: borrowing Picture, crop: CropRectangle?, to target: PixelSize,
    turned orientation: Orientation, into bytes: inout [UInt8], at start: Int
  ) throws(VideoError) {
    if let crop {
      let part = try Picture(showing: crop, of: picture, for: path)
      try run(part, to: target)
    } else {
      try run(picture, to: target)
    }
    steps[steps.count - 1].output.copy(to: &bytes, at: start, turned: orientation)
  }

  private mutating func run(_ picture: borrowing Picture, to target: PixelSize) throws(VideoError) {
    let source = ScalingStep.Source(picture)
    if self.source != source || self.target != target {
      self.source = nil
      steps = try Self.steps(from: source, to: target, for: path)
      (self.source, self.target) = (source, target)
    }
    try steps[0].scale(picture)
    for (step, next) in zip(steps, steps.dropFirst()) { try next.scale(step.output) }
  }

  /// The sizes of a picture on its way, the last one included; a side that grows does so in the end.
  static func sizes(from source: PixelSize, to target: PixelSize) -> [PixelSize] {
    precondition(target.width > 0 && target.height > 0, "a picture of \(target)")
    func next(_ length: Int, _ end: Int) -> Int {
      max(min(end, length), (length + mostShrinking - 1) / mostShrinking)
    }
    var sizes: [PixelSize] = []
    var size = source
    while size.width > mostShrinking * target.width || size.height > mostShrinking * target.height {
      size = PixelSize(
        width: next(size.width, target.width), height: next(size.height, target.height))
      sizes.append(size)
    }
    return sizes + [target]
  }

  private static func steps(
    from source: ScalingStep.Source, to target: PixelSize, for path: String
  ) throws(VideoError) -> [ScalingStep] {
    var steps: [ScalingStep] = []
    var source = source
    for size in sizes(from: source.size, to: target) {
      let packing: Picture.Packing =
        size.width < source.size.width && size.height < source.size.height
        ? .planar : .interleaved
      let step = try ScalingStep(from: source, to: size, packing, for: path)
      steps.append(step)
      source = ScalingStep.Source(step.output)
    }
    return steps
  }
}
