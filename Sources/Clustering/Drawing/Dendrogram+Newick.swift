extension Dendrogram {
  /// The tree in Newick's format, for the programs that draw and compare phylogenies.
  ///
  /// A branch is as long as its ends' heights differ, and rows are at height 0, so a row's distance
  /// to the root is the root's height. A cluster that is lower than one of its parts stands as high as
  /// the highest below it, where cuts have it too, since programs refuse negative lengths. Names with other characters than letters, digits, `.` and `-`
  /// are quoted, and quotes in them doubled (Olsen, "Newick's 8:45 tree format standard", 1990).
  ///
  /// - Parameter names: the rows' names, N of them.
  /// - Complexity: O(N), whatever the depth of the tree.
  public func newick(names: [String]) -> String {
    precondition(names.count == count, "\(names.count) names for \(count) rows")
    guard count > 0 else { return ";\n" }
    /// What is still to be written, the next one last.
    enum Part {
      case node(Int, under: Double?)
      case text(String)
    }
    let reaches = reaches
    func reach(_ node: Int) -> Double { node < count ? 0 : reaches[node - count] }
    var text = ""
    var parts = [Part.node(count + merges.count - 1, under: nil)]
    while let part = parts.popLast() {
      switch part {
      case .text(let piece): text += piece
      case .node(let node, let parent):
        let length = parent.map { ":\($0 - reach(node))" } ?? ""
        if node < count {
          text += Self.newickName(names[node]) + length
        } else {
          let merge = merges[node - count]
          parts.append(.text(")" + length))
          parts.append(.node(merge.right, under: reach(node)))
          parts.append(.text(","))
          parts.append(.node(merge.left, under: reach(node)))
          text += "("
        }
      }
    }
    return text + ";\n"
  }

  /// Where a cluster was made; 0 for a row.
  func height(ofNode node: Int) -> Double { node < count ? 0 : merges[node - count].height }

  /// The number of rows below a node.
  func rows(ofNode node: Int) -> Int { node < count ? 1 : merges[node - count].count }

  private static func newickName(_ name: String) -> String {
    let isPlain =
      !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
          true
        default: false
        }
      }
    // By scalar: a mark that joins a quote makes another Character of both.
    let quoted = name.unicodeScalars.flatMap { $0 == "'" ? [$0, $0] : [$0] }
    return isPlain ? name : "'" + String(String.UnicodeScalarView(quoted)) + "'"
  }
}
