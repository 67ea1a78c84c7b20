import Foundation

extension RandomStream {
  /// Two independent numbers of the standard normal distribution (Box and Muller, 1958).
  public mutating func normalPair() -> (Double, Double) {
    let radius = (-2 * log((Double(next32()) + 1) * 0x1p-32)).squareRoot()
    let angle = 2 * Double.pi * Double(next32()) * 0x1p-32
    return (radius * cos(angle), radius * sin(angle))
  }

  /// `count` normal numbers with the given standard deviation.
  public mutating func normals(_ count: Int, deviation: Double = 1) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(count + 1)
    while result.count < count {
      let (first, second) = normalPair()
      result.append(Float(first * deviation))
      result.append(Float(second * deviation))
    }
    if result.count > count { result.removeLast() }
    return result
  }
}
