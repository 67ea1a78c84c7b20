// `unsafe` is sound here because a row lent to a closure holds `width` elements, vector loads stop
// at the last full vector of a row, and no row outlives its closure.
internal import Tensors

extension Cluster {
  /// What the row that stands for the cluster is multiplied by to give its sum of unit vectors.
  var rowScale: Double { sum >= 0 ? 1 : Double(size) }
  /// How many unit vectors that row adds up.
  var rowWeight: Double { sum >= 0 ? Double(size) : 1 }
}

/// What stands for a cluster in double precision: its sum, or a row of floats times a factor.
@unsafe
struct ClusterRow {
  let sum: UnsafePointer<Double>?
  let row: UnsafePointer<Float>
  let factor: Double

  subscript(column: Int) -> Double {
    if let sum = unsafe sum { return unsafe sum[column] }
    return unsafe Double(row[column]) * factor
  }
}

extension ClusterStore {
  /// Lends the row that stands for a cluster.
  func withRow<Result>(of cluster: Cluster, _ body: (ClusterRow) -> Result) -> Result {
    let first = Int(cluster.first)
    return unsafe rows.values.withUnsafeBufferPointer { values in
      // A matrix without columns has no rows with a direction, so there is a first element.
      guard let start = values.baseAddress else { preconditionFailure("rows without elements") }
      let sum = unsafe cluster.sum >= 0 ? sums.base + Int(cluster.sum) * width : nil
      return unsafe body(
        ClusterRow(sum: sum, row: start + first * width, factor: inverseNorms[first]))
    }
  }

  /// The mean cosine of two clusters in double precision, the same bits in both orders: products
  /// commute, and both orders add them in the same sequence.
  func similarity(_ one: Int, _ other: Int) -> Double {
    let (a, b) = (clusters[one], clusters[other])
    let product = unsafe withRow(of: a) { x in
      unsafe withRow(of: b) { y in
        if let xs = unsafe x.sum {
          if let ys = unsafe y.sum { return unsafe dot(xs, ys) }
          return unsafe dot(xs, y.row, y.factor)
        }
        if let ys = unsafe y.sum { return unsafe dot(ys, x.row, x.factor) }
        return unsafe dot(x.row, x.factor, y.row, y.factor)
      }
    }
    return product / (a.rowWeight * b.rowWeight)
  }

  private func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>) -> Double {
    total(
      vector: { unsafe load(a, $0) * load(b, $0) }, scalar: { unsafe a[$0] * b[$0] })
  }

  private func dot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Float>, _ factor: Double
  ) -> Double {
    total(
      vector: { unsafe load(a, $0) * (load(b, $0) * factor) },
      scalar: { unsafe a[$0] * (Double(b[$0]) * factor) })
  }

  private func dot(
    _ a: UnsafePointer<Float>, _ aFactor: Double, _ b: UnsafePointer<Float>, _ bFactor: Double
  ) -> Double {
    total(
      vector: { unsafe (load(a, $0) * aFactor) * (load(b, $0) * bFactor) },
      scalar: { unsafe (Double(a[$0]) * aFactor) * (Double(b[$0]) * bFactor) })
  }

  /// Adds the terms of all columns, always in the same sequence.
  @inline(__always)
  private func total(vector: (Int) -> SIMD4<Double>, scalar: (Int) -> Double) -> Double {
    var sum = SIMD4<Double>.zero
    var column = 0
    while column + 4 <= width {
      sum += vector(column)
      column += 4
    }
    var rest = 0.0
    while column < width {
      rest += scalar(column)
      column += 1
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]) + rest
  }

  @inline(__always)
  private func load(_ row: UnsafePointer<Double>, _ column: Int) -> SIMD4<Double> {
    unsafe UnsafeRawPointer(row + column).loadUnaligned(as: SIMD4<Double>.self)
  }

  @inline(__always)
  private func load(_ row: UnsafePointer<Float>, _ column: Int) -> SIMD4<Double> {
    unsafe SIMD4<Double>(UnsafeRawPointer(row + column).loadUnaligned(as: SIMD4<Float>.self))
  }
}
