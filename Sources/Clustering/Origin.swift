// `unsafe` is sound here because a point has the D elements of the vector that it is read from, which points
// into the store that lends it.
internal import CPanels

/// A point in a heap of means, from which they are measured before single precision rounds them: so it can
/// tell them apart where they lie near each other and far from zero.
///
/// With a = m_A − p and b = m_B − p, m_A·m_B − 1 = a·b + r_A + r_B, r_X = p·x + (|p|² − 1) / 2. A kernel
/// that knows products alone gets the last two as products: rows (a, 1, r_A) and columns (b, r_B, 1).
/// Distances of means are those of a and b.
struct Origin {
  /// p.
  let point: LaneArray<Double>
  /// (|p|² − 1) / 2.
  private let offset: Double

  /// An origin at the mean of a cluster.
  init(at slot: Int32, of store: ClusterStore) {
    point = LaneArray(count: store.width)
    let mean = unsafe store.mean(of: Int(slot))
    unsafe cpanels_doubles(mean, Int64(store.width), point.base)
    offset = (unsafe cpanels_product(mean, mean, Int64(store.width)) - 1) / 2
  }

  /// The elements that a kernel is given of a mean of D.
  static func width(_ width: Int, _ criterion: Criterion) -> Int {
    criterion.isDistance ? width : width + 2
  }

  /// What a kernel adds to a product: all is in the elements, but what is too small for the exponent.
  static func productSlack(_ criterion: Criterion) -> Float { criterion.isDistance ? 0x1p-100 : 0 }

  /// r_X, with what rounding may have taken off a product a·b + r_A + r_B, for its part.
  ///
  /// With u = 2⁻²⁴, rounding a and b and D + 2 fused multiply-adds are off by at most
  /// (D + 8)·u·(|a|·|b| + |r_A| + |r_B|), and sums of doubles by less than (D + 16)·2⁻⁵¹. As means are no
  /// longer than 1, r_X = (|m_X|² − |x|² − 1) / 2 is at most −|x|² / 2; so |a|·|b| ≤ |r_A| + |r_B|.
  ///
  /// - Parameter product: p·x.
  func rest(product: Double) -> Float {
    let width = Double(point.count + 16)
    let rest = product + offset
    return Float(above: rest + 2 * width * 0x1p-24 * abs(rest) + width * 0x1p-51)
  }
}
