/// The similarity that a linkage maximises, of two clusters with means m and sizes a, b, and what
/// rounding may do to it.
///
/// The first two are reducible: the union of a pair of reciprocal nearest neighbours is no more similar to a
/// third cluster than the nearer of the two was. Moreover they have a bound from above,
/// `similarity(of:…)`, that rises with its arguments; so bounds on the parts bound the union.
enum Criterion: Sendable {
  /// Average linkage on cosine distance: m_A·m_B − 1, which is minus SciPy's height. Without the 1, single
  /// precision could not tell the bounds of near clusters apart.
  case cosine
  /// Ward: −a·b / (a + b) · ‖m_A − m_B‖², which is −½ of the square of SciPy's height.
  case ward
  /// Centroid: −‖m_A − m_B‖², which is minus the square of SciPy's height.
  case centroid
  /// Median: the same for middles, a union's being half the sum of its parts'.
  case median

  /// Whether no union is more similar to others than both its parts were.
  var isReducible: Bool { self == .cosine || self == .ward }

  /// Whether it is a distance of means, not their product.
  var isDistance: Bool { self != .cosine }

  /// How many rows a kernel is told that a cluster has: of 2 and 2, Ward's factor is 1.
  func weight(of size: Int32) -> Float { self == .ward ? Float(size) : 2 }

  /// The similarity of two clusters by the product of their means, or the square of their distance.
  func similarity(_ total: Double, _ one: Int32, _ other: Int32) -> Double {
    switch self {
    case .cosine: return total - 1
    case .ward:
      let (a, b) = (Double(one), Double(other))
      return -(a * b / (a + b)) * total
    case .centroid, .median: return -total
    }
  }

  /// The distance that SciPy calls the height.
  func height(_ similarity: Double, unit: Double) -> Double {
    switch self {
    case .cosine: max(0, -similarity)
    case .ward: max(0, -2 * similarity).squareRoot() * unit
    case .centroid, .median: max(0, -similarity).squareRoot() * unit
    }
  }

  /// A bound on the similarity of A ∪ B and C, given bounds for A and C, and for B and C.
  ///
  /// Average: the mean, weighted by size. Ward: the formula of Lance and Williams, "A general theory
  /// of classificatory sorting strategies" (1967). It falls as C grows, since neither A nor B is more
  /// similar to C than `apart`, to each other; so a size too small for C keeps it a bound.
  @inline(__always)
  func similarity(
    ofUnion a: Double, _ b: Double, with c: Double, _ ac: Double, _ bc: Double, apart ab: Double
  ) -> Double {
    switch self {
    case .cosine: (a * ac + b * bc) / (a + b)
    case .ward: ((a + c) * ac + (b + c) * bc - c * ab) / (a + b + c)
    case .centroid, .median: preconditionFailure("\(self) linkage is not reducible")
    }
  }

  /// By how much a similarity in double precision can exceed the bound that exact arithmetic gives
  /// it, per level.
  ///
  /// A sum of D products of means no longer than 1 is off by at most D·2⁻⁵³ (Higham, "Accuracy and
  /// Stability of Numerical Algorithms", section 3.1), a union's sum by 2⁻⁵³ of each element, and
  /// at most eight of these meet where both clusters change: 8·(D + 3)·2⁻⁵³; taking 1 off, by 2⁻⁵² each
  /// time. Ward weighs it by at most 4·N/2 (the square
  /// of a difference of two such means is at most 4, and a·b / (a + b) at most N/2). The others
  /// inherit no bounds.
  func slack(width: Int, count: Int) -> Double {
    let rounding = Double(width + 16) * 0x1p-50
    return switch self {
    case .cosine: rounding
    case .ward: rounding * 2 * Double(max(count, 1))
    case .centroid, .median: 0
    }
  }

  /// What a kernel adds to a product in single precision, so that it is never below the similarity.
  ///
  /// Cosine: rounding both means to single precision, a row's twice, and D fused multiply-adds are off
  /// by at most (D + 4)·2⁻²⁴ for means no longer than 1, adding this by another 2⁻²³. The 1 is taken off
  /// here, too.
  /// Distances: see `square(_:width:)`; what is left are products too small for the exponent.
  func productSlack(width: Int) -> Float {
    self == .cosine ? Float(above: Double(width + 12) * 0x1p-24 - 1) : 0x1p-100
  }

  /// The squared length that a kernel is told of a mean, so that −h·(q_A + q_B − 2·m_A·m_B) is never
  /// below the similarity.
  ///
  /// The product is off by at most (D + 2)·u·|m_A|·|m_B|, u = 2⁻²⁴; twice that is at most
  /// (D + 2)·u·S, S = |m_A|² + |m_B|². Sum, difference and factor h add less than 18·u·S. Taking
  /// 2·E·S off, E = (D + 32)·u, covers all of it.
  func square(_ length: Double, width: Int) -> Float {
    let lowered = length * (1 - 2 * Double(width + 32) * 0x1p-24)
    return Float(lowered).nextDown
  }
}
