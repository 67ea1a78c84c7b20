internal import Foundation

/// An axis from 0 to just above all heights, with round numbers on it.
struct HeightScale {
  /// The end of the axis.
  let top: Double
  private let step: Double

  /// Chooses steps of 1, 2 or 5 times a power of ten, five to twelve of them.
  init(highest: Double) {
    // Steps of a range near the least positive number would be 0.
    let range = highest > 0 ? max(highest, 1e-300) : 1
    let power = pow(10, floor(log10(range / 5)))
    step = [1, 2, 5].map { $0 * power }.last { range / $0 >= 5 } ?? power
    top = range * 1.02
  }

  /// The numbers on the axis, from 0.
  var ticks: [Double] { (0...Int(top / step)).map { Double($0) * step } }

  /// Where a height lies, as a share of the axis.
  func share(of height: Double) -> Double { min(max(height / top, 0), 1) }

  /// Whether the axis has a height.
  func contains(_ height: Double) -> Bool { (0...top).contains(height) }

  /// A number of the axis, with the digits that the step needs; with an exponent where those are many.
  func text(_ tick: Double) -> String {
    let digits = max(0, -Int(floor(log10(step) + 1e-9)))
    let isPlain = digits <= 9 && top < 1e10
    return String(format: isPlain ? "%.\(digits)f" : "%.3g", tick)
  }
}
