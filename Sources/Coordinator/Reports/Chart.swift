import Foundation

/// Curves over the epochs, or over places of a list, as an inline SVG drawing.
struct Chart {
  /// One curve: points in ascending order of x; a gap wider than `step` breaks nothing.
  struct Series {
    let name: String
    let points: [(x: Double, y: Double)]
  }

  private static let colours = ["#1f6feb", "#d9480f", "#2b8a3e", "#862e9c"]
  private static let (width, height) = (460.0, 230.0)
  private static let (left, right, top, bottom) = (58.0, 12.0, 26.0, 26.0)

  let series: [Series]
  private let x: Axis
  private let y: Axis

  /// Draws curves of which at least one has a point.
  init(_ series: [Series]) {
    self.series = series.filter { !$0.points.isEmpty }
    let points = self.series.flatMap(\.points)
    precondition(!points.isEmpty, "a chart of nothing")
    x = Axis(points.map(\.x), isWhole: true)
    y = Axis(points.map(\.y), isWhole: false)
  }

  /// The drawing, as an element of HTML.
  var svg: String {
    let (width, height) = (Self.width, Self.height)
    var body = ""
    for tick in y.ticks {
      let place = at(0, tick).y
      body +=
        "<path class=\"grid\" d=\"M\(text(Self.left)) \(text(place))H\(text(width - Self.right))\"/>"
      body +=
        "<text x=\"\(text(Self.left - 6))\" y=\"\(text(place + 4))\" text-anchor=\"end\">"
        + "\(y.label(tick))</text>"
    }
    for tick in x.ticks {
      body +=
        "<text x=\"\(text(at(tick, 0).x))\" y=\"\(text(height - 8))\" text-anchor=\"middle\">"
        + "\(x.label(tick))</text>"
    }
    var along = Self.left
    for (number, curve) in series.enumerated() {
      let colour = Self.colours[number % Self.colours.count]
      body += drawing(of: curve, colour)
      body += "<rect x=\"\(text(along))\" y=\"6\" width=\"10\" height=\"10\" fill=\"\(colour)\"/>"
      body += "<text x=\"\(text(along + 14))\" y=\"15\">\(curve.name)</text>"
      along += 26 + 6.2 * Double(curve.name.count)
    }
    return "<svg viewBox=\"0 0 \(text(width)) \(text(height))\" role=\"img\" "
      + "aria-label=\"\(series.map(\.name).joined(separator: ", "))\">\(body)</svg>"
  }

  private func drawing(of curve: Series, _ colour: String) -> String {
    let places = curve.points.map { at($0.x, $0.y) }
    let path = places.enumerated().map {
      ($0.offset == 0 ? "M" : "L") + "\(text($0.element.x)) \(text($0.element.y))"
    }
    var result =
      "<path d=\"\(path.joined())\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.6\"/>"
    // A point that can be pointed at; few enough to be drawn.
    guard places.count <= 120 else { return result }
    for (place, point) in zip(places, curve.points) {
      result +=
        "<circle cx=\"\(text(place.x))\" cy=\"\(text(place.y))\" r=\"2\" fill=\"\(colour)\">"
        + "<title>\(curve.name) \(x.label(point.x)): \(short(point.y))</title></circle>"
    }
    return result
  }

  private func at(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let (across, up) = (Self.width - Self.left - Self.right, Self.height - Self.top - Self.bottom)
    return (
      Self.left + across * self.x.share(x), Self.height - Self.bottom - up * self.y.share(y)
    )
  }
}

/// The numbers along one side of a chart.
struct Axis {
  let ticks: [Double]
  private let lowest: Double
  private let highest: Double
  private let step: Double

  /// Covers all values with steps of 1, 2 or 5 times a power of ten, about five of them.
  init(_ values: [Double], isWhole: Bool) {
    let (least, most) = (values.min() ?? 0, values.max() ?? 0)
    // Numbers that differ in their last digits alone are one.
    let finest = max(1e-12 * max(abs(most), abs(least)), 1e-300)
    let range = most - least > finest ? most - least : 0
    let rough = range > 0 ? range / 5 : max(abs(most), 1) / 5
    let power = pow(10, log10(rough).rounded(.down))
    var step = power * ([1.0, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
    if isWhole { step = max(step, 1).rounded() }
    self.step = step
    lowest = isWhole ? least : (least / step).rounded(.down) * step
    highest = isWhole ? max(most, least + 1) : max((most / step).rounded(.up) * step, lowest + step)
    let first = (lowest / step).rounded(.up)
    let last = (highest / step + 1e-9).rounded(.down)
    ticks = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : [lowest]
  }

  /// How far along the side a value lies, from 0 to 1.
  func share(_ value: Double) -> Double { (value - lowest) / (highest - lowest) }

  /// A number with as many digits as the steps need.
  func label(_ value: Double) -> String {
    guard abs(value) < 1e6, step >= 1e-6 else { return short(value) }
    let digits = max(0, -Int(log10(step).rounded(.down)))
    return String(format: "%.\(digits)f", value == 0 ? 0 : value)
  }
}

/// A number in at most four digits.
func short(_ value: Double) -> String { String(format: "%.4g", value) }

private func text(_ number: Double) -> String {
  let rounded = (number * 10).rounded() / 10
  return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
}
