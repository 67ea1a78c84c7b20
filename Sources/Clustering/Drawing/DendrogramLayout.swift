internal import Foundation

/// Where everything of a picture stands, and its drawing.
struct DendrogramLayout {
  private static let left = 44.0
  private static let right = 740.0
  private static let top = 96.0

  private let picture: DendrogramPicture
  private let outline: DendrogramOutline
  private let clusters: ClusterColours
  private let scale: HeightScale
  /// The middle of each branch, and half the room of each tip.
  private var middles: [Double]
  private var halves: [Double]
  private let bottom: Double
  private let labels: [Int: (words: String, detail: String)]

  private var tree: Dendrogram { picture.tree }

  init(_ picture: DendrogramPicture, outline: DendrogramOutline, clusters: ClusterColours) {
    self.picture = picture
    self.outline = outline
    self.clusters = clusters
    labels = Self.labels(picture, outline, clusters)
    let top = picture.tree.reaches.last ?? 0
    let highest = picture.marks.map(\.height).filter { $0 <= 2 * top }
    scale = HeightScale(highest: max(top, highest.max() ?? 0))
    middles = [Double](repeating: 0, count: outline.branches.count)
    halves = middles
    var y = Self.top
    for tip in outline.tips {
      let rows = Double(picture.tree.rows(ofNode: outline.branches[tip].top))
      // A tip's room grows with the logarithm of its rows.
      let room = 15 + 2.2 * log2(rows)
      middles[tip] = y + room / 2
      halves[tip] = (room - 5) / 2
      y += room
    }
    bottom = y + 6
    for (place, branch) in outline.branches.enumerated().reversed() where !branch.children.isEmpty {
      middles[place] = branch.children.reduce(0) { $0 + middles[$1] } / 2
    }
  }

  private var longestLabel: Int {
    labels.values.map { $0.words.count + $0.detail.count }.max() ?? 0
  }

  private func x(_ height: Double) -> Double {
    Self.right - scale.share(of: height) * (Self.right - Self.left)
  }

  var svg: String {
    var svg = SVG(width: max(900, Self.right + 34 + 6.3 * Double(longestLabel)))
    let count = Self.grouped(tree.count)
    svg.words(picture.title, Self.left, 36, size: 19, isBold: true)
    let clusters = picture.partition.map { " in \(Self.grouped($0.clusterCount)) clusters" } ?? ""
    svg.words("\(count) rows\(clusters)", Self.left, 57, size: 12.5, colour: "#52606d")
    drawAxis(&svg)
    if let root = outline.branches.first { drawBranch(0, from: scale.top, root, &svg) }
    for (place, branch) in outline.branches.enumerated() {
      let colour = self.clusters.colour(of: branch.end)
      let edge = x(tree.height(ofNode: branch.end))
      if let first = branch.children.first, let last = branch.children.last {
        svg.line(edge, middles[first], edge, middles[last], colour, width: 1.5)
      }
      for child in branch.children {
        drawBranch(child, from: tree.height(ofNode: branch.end), outline.branches[child], &svg)
      }
      if branch.children.isEmpty { drawTip(place, &svg) }
    }
    drawMarks(&svg)
    let end = drawLegend(&svg)
    return svg.document(height: end)
  }

  /// The horizontal line from a split to the next one or to a tip, with its ticks.
  private func drawBranch(
    _ place: Int, from height: Double, _ branch: DendrogramOutline.Branch, _ svg: inout SVG
  ) {
    let y = middles[place]
    let start = place == 0 ? x(tree.height(ofNode: branch.top)) - 14 : x(height)
    let colour = clusters.colour(of: branch.end)
    svg.line(start, y, x(tree.height(ofNode: branch.end)), y, colour, width: 1.5)
    var last = -Double.infinity
    for tick in branch.ticks {
      let place = x(tick.height)
      // Ticks closer than a pixel would only make a blot.
      if place - last < 1 { continue }
      last = place
      svg.line(place, y, place, y + 5, ClusterColours.above)
    }
  }

  private func drawTip(_ place: Int, _ svg: inout SVG) {
    let node = outline.branches[place].top
    let (y, half) = (middles[place], halves[place])
    let colour = clusters.colour(of: node)
    if tree.rows(ofNode: node) > 1 {
      let apex = x(tree.height(ofNode: node))
      svg.polygon(
        [(apex, y), (Self.right, y - half), (Self.right, y + half)], colour, opacity: 0.55)
    } else {
      svg.polygon(
        [
          (Self.right, y - 2), (Self.right + 4, y - 2), (Self.right + 4, y + 2),
          (Self.right, y + 2),
        ],
        colour)
    }
    let label = labels[place] ?? ("", "")
    svg.words(label.words, Self.right + 10, y + 4, detail: label.detail)
  }

  /// What stands beside each tip: rows or a name, and the cluster at the first of its tips.
  private static func labels(
    _ picture: DendrogramPicture, _ outline: DendrogramOutline, _ clusters: ClusterColours
  ) -> [Int: (words: String, detail: String)] {
    var labels: [Int: (words: String, detail: String)] = [:]
    let sizes = picture.partition?.sizes ?? []
    var last: Int32?
    for tip in outline.tips {
      let node = outline.branches[tip].top
      let rows = picture.tree.rows(ofNode: node)
      let words = rows > 1 ? "\(grouped(rows)) rows" : shortened(picture.names[node])
      var detail = ""
      let cluster = clusters.cluster(of: node)
      if let cluster {
        let size = sizes[Int(cluster)]
        let total = size == rows ? "" : ", \(grouped(size)) rows"
        if cluster != last { detail = "· cluster \(cluster)\(total)" }
      } else if let partition = picture.partition {
        let several = Set(picture.leaves(below: node).map { partition.labels[$0] })
        detail = "· \(grouped(several.count)) clusters"
      }
      last = cluster
      labels[tip] = (words, detail)
    }
    return labels
  }

  private func drawAxis(_ svg: inout SVG) {
    for tick in scale.ticks {
      svg.line(x(tick), Self.top - 6, x(tick), bottom, "#e9edf2")
      svg.words(
        scale.text(tick), x(tick), bottom + 17, size: 10.5, colour: "#52606d", anchor: .middle)
    }
    svg.line(Self.left, bottom, Self.right, bottom, "#9aa5b1")
    svg.words(
      picture.axis, (Self.left + Self.right) / 2, bottom + 36, size: 11.5, colour: "#52606d",
      anchor: .middle)
  }

  private func drawMarks(_ svg: inout SVG) {
    for (index, mark) in picture.marks.enumerated() where scale.contains(mark.height) {
      let place = x(mark.height)
      let y = Self.top - 12 - 13 * Double(index % 2)
      svg.line(place, y + 4, place, bottom, "#323f4b", width: 1, dashes: "4 4")
      let isRight = place > (Self.left + Self.right) / 2
      svg.words(
        mark.label, place + (isRight ? -5 : 5), y + 4, size: 10.5, colour: "#323f4b",
        anchor: isRight ? .end : .start)
    }
  }

  /// Whether a tip holds several clusters.
  private var hasMixedTips: Bool {
    outline.tips.contains { clusters.cluster(of: outline.branches[$0].top) == nil }
  }

  /// Draws the key below the axis, and returns where the picture ends.
  private func drawLegend(_ svg: inout SVG) -> Double {
    var y = bottom + 66
    func entry(_ words: String, _ draw: (inout SVG, Double) -> Void) {
      draw(&svg, y - 4)
      svg.words(words, Self.left + 40, y, size: 11, colour: "#52606d")
      y += 19
    }
    if outline.branches.contains(where: { $0.children.isEmpty && $0.top >= tree.count }) {
      entry("a subtree, from the height of its last merge to its rows") {
        let (x, y) = (Self.left, $1)
        $0.polygon([(x, y), (x + 28, y - 6), (x + 28, y + 6)], "#52606d", opacity: 0.55)
      }
    }
    let ticks = outline.branches.flatMap(\.ticks)
    if !ticks.isEmpty {
      let rows = ticks.reduce(0) { $0 + $1.rows }
      let size = outline.tiny == 1 ? "single rows" : "clusters of at most \(outline.tiny) rows"
      entry(
        "small branches that join here, \(size): \(Self.grouped(rows)) rows in "
          + "\(Self.grouped(ticks.count)) ticks"
      ) {
        $0.line(Self.left, $1 - 2, Self.left + 28, $1 - 2, "#52606d", width: 1.5)
        for step in 1...3 {
          let x = Self.left + 7 * Double(step)
          $0.line(x, $1 - 2, x, $1 + 3, ClusterColours.above)
        }
      }
    }
    if picture.partition != nil {
      let grey = "grey lies above the cut" + (hasMixedTips ? ", or holds several" : "")
      entry("colours are clusters (used again where there are many); \(grey)") {
        for step in 0..<4 {
          let x = Self.left + 7.5 * Double(step)
          let colour = [ClusterColours.above, "#3a6ea5", "#e0803a", "#4f9d5d"][step]
          $0.line(x, $1, x + 4, $1, colour, width: 4)
        }
      }
    }
    return y + 8
  }

  /// "12,345".
  private static func grouped(_ count: Int) -> String {
    let digits = Array(String(count))
    var text = ""
    for (place, digit) in digits.enumerated() {
      if place > 0 && (digits.count - place) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// A name that fits beside the tips; the end of an id tells most.
  private static func shortened(_ name: String) -> String {
    name.count <= 36 ? name : "…" + name.suffix(35)
  }
}
