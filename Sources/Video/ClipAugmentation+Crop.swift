import Foundation
import Tensors

extension ClipAugmentation {
  /// Draws a rectangle of random area and aspect (Szegedy et al., "Going deeper with convolutions",
  /// CVPR 2015, section 6): ten tries, then the largest centred one of an allowed aspect.
  func drawCrop(using random: inout RandomStream, in frame: PixelSize) -> CropRectangle {
    let area = Double(frame.width * frame.height)
    let (low, high) = (Double(settings.aspect[0]), Double(settings.aspect[1]))
    func uniform(_ low: Double, _ high: Double) -> Double {
      low + (high - low) * Double(random.uniform())
    }
    for _ in 0..<10 {
      let target = area * uniform(Double(settings.area[0]), Double(settings.area[1]))
      let aspect = exp(uniform(log(low), log(high)))
      let width = Int((target * aspect).squareRoot().rounded(.toNearestOrEven))
      let height = Int((target / aspect).squareRoot().rounded(.toNearestOrEven))
      guard width > 0, height > 0, width <= frame.width, height <= frame.height else { continue }
      return CropRectangle(
        x: random.integer(below: frame.width - width + 1),
        y: random.integer(below: frame.height - height + 1), width: width, height: height)
    }
    let aspect = Double(frame.width) / Double(frame.height)
    var (width, height) = (frame.width, frame.height)
    if aspect < low {
      height = min(height, max(1, Int((Double(width) / low).rounded(.toNearestOrEven))))
    } else if aspect > high {
      width = min(width, max(1, Int((Double(height) * high).rounded(.toNearestOrEven))))
    }
    return CropRectangle(
      x: (frame.width - width) / 2, y: (frame.height - height) / 2, width: width, height: height)
  }
}
