internal import Foundation

/// A drawing of lines, shapes and words in Scalable Vector Graphics 1.1; lengths are pixels.
struct SVG {
  /// How a word stands to its place.
  enum Anchor: String { case start, middle, end }

  private var body = ""
  private let width: Double

  init(width: Double) { self.width = width }

  /// The whole document.
  func document(height: Double) -> String {
    let size = "width=\"\(Self.text(width))\" height=\"\(Self.text(height))\""
    return """
      <svg xmlns="http://www.w3.org/2000/svg" \(size) \
      viewBox="0 0 \(Self.text(width)) \(Self.text(height))" \
      font-family="Inter, 'Helvetica Neue', Helvetica, 'DejaVu Sans', Arial, sans-serif">
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(body)</svg>

      """
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, width: Double = 1,
    dashes: String? = nil
  ) {
    let dash = dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
    body += "<path d=\"M\(Self.text(x1)) \(Self.text(y1))L\(Self.text(x2)) \(Self.text(y2))\" "
    body += "stroke=\"\(colour)\" stroke-width=\"\(Self.text(width))\" "
    body += "stroke-linecap=\"square\" fill=\"none\"\(dash)/>\n"
  }

  mutating func polygon(_ corners: [(Double, Double)], _ colour: String, opacity: Double = 1) {
    let points = corners.map { "\(Self.text($0.0)),\(Self.text($0.1))" }.joined(separator: " ")
    body += "<polygon points=\"\(points)\" fill=\"\(colour)\" fill-opacity=\"\(opacity)\" "
    body += "stroke=\"\(colour)\" stroke-width=\"1\" stroke-linejoin=\"round\"/>\n"
  }

  /// Writes words, whose baseline is at `y`; `detail` follows in a softer colour.
  mutating func words(
    _ words: String, _ x: Double, _ y: Double, size: Double = 11, colour: String = "#1f2933",
    anchor: Anchor = .start, isBold: Bool = false, detail: String = ""
  ) {
    let weight = isBold ? " font-weight=\"600\"" : ""
    let more =
      detail.isEmpty ? "" : "<tspan dx=\"5\" fill=\"#7b8794\">\(Self.escaped(detail))</tspan>"
    body += "<text x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" font-size=\"\(Self.text(size))\" "
    body += "fill=\"\(colour)\" text-anchor=\"\(anchor.rawValue)\"\(weight)>"
    body += "\(Self.escaped(words))\(more)</text>\n"
  }

  /// Two digits behind the point are finer than any screen.
  private static func text(_ number: Double) -> String {
    let rounded = (number * 100).rounded() / 100
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }

  /// Text without the characters that XML reserves or forbids.
  private static func escaped(_ text: String) -> String {
    // By scalar: a mark that joins a reserved character makes another Character of both.
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case _ where scalar.value < 32 || (0xfffe...0xffff).contains(scalar.value): escaped += " "
      default: escaped.unicodeScalars.append(scalar)
      }
    }
  }
}
