import Tensors

/// Rows to cluster, the same for the same seed.
enum RandomRows {
  /// Normal rows without structure.
  static func scattered(_ count: Int, _ width: Int, seed: UInt64) -> Matrix {
    var random = RandomStream(seed: seed, purpose: .test)
    return Matrix(rows: count, columns: width, values: random.normals(count * width))
  }

  /// Rows around random centres.
  static func clustered(
    _ count: Int, _ width: Int, centres: Int, spread: Double, seed: UInt64
  ) -> Matrix {
    var random = RandomStream(seed: seed, purpose: .test, sample: 1)
    let middle = random.normals(centres * width)
    var values = random.normals(count * width, deviation: spread)
    for row in 0..<count {
      let centre = random.integer(below: centres)
      for column in 0..<width { values[row * width + column] += middle[centre * width + column] }
    }
    return Matrix(rows: count, columns: width, values: values)
  }

  /// The points 1…side × 1…side.
  static func grid(_ side: Int) -> Matrix {
    var rows = Matrix(rows: side * side, columns: 2)
    for row in 0..<side * side {
      rows[row, 0] = Float(1 + row / side)
      rows[row, 1] = Float(1 + row % side)
    }
    return rows
  }

  /// Rows that are all equally far from each other.
  static func simplex(_ count: Int) -> Matrix {
    var rows = Matrix(rows: count, columns: count)
    for row in 0..<count { rows[row, row] = 1 }
    return rows
  }

  /// A hub and rays at growing angles from it, each in a dimension of its own: everybody's nearest
  /// is the hub, so a round of reciprocal neighbours merges a single pair.
  static func star(_ rays: Int, angle: (Int) -> Double) -> Matrix {
    var rows = Matrix(rows: rays + 1, columns: rays + 1)
    rows[0, 0] = 1
    for ray in 1...rays {
      let cosine = angle(ray)
      rows[ray, 0] = Float(cosine)
      rows[ray, ray] = Float((1 - cosine * cosine).squareRoot())
    }
    return rows
  }
}
