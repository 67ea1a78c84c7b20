import Tensors

/// Average linkage as the definition has it: the mean over all pairs, updated by Lance and Williams,
/// and the nearest pair of all merged again and again, in O(N³).
enum NaiveLinkage {
  /// The heights of the merges, ascending.
  static func heights(_ rows: Matrix) -> [Double] {
    let count = rows.rows
    var distances = (0..<count).map { one in
      (0..<count).map { other in distance(rows.row(one), rows.row(other)) }
    }
    var sizes = [Double](repeating: 1, count: count)
    var left = Array(0..<count)
    var heights: [Double] = []
    while left.count > 1 {
      var best = (one: left[0], other: left[1])
      for (index, one) in left.enumerated() {
        for other in left[(index + 1)...]
        where distances[one][other] < distances[best.one][best.other] { best = (one, other) }
      }
      heights.append(distances[best.one][best.other])
      let (a, b) = (sizes[best.one], sizes[best.other])
      for other in left where other != best.one && other != best.other {
        let mean = (a * distances[best.one][other] + b * distances[best.other][other]) / (a + b)
        distances[best.one][other] = mean
        distances[other][best.one] = mean
      }
      sizes[best.one] += b
      left.removeAll { $0 == best.other }
    }
    return heights.sorted()
  }

  private static func distance(_ one: ArraySlice<Float>, _ other: ArraySlice<Float>) -> Double {
    1 - dot(one, other) / (dot(one, one) * dot(other, other)).squareRoot()
  }

  private static func dot(_ one: ArraySlice<Float>, _ other: ArraySlice<Float>) -> Double {
    zip(one, other).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
