// The fence around OpenBLAS. `unsafe` is sound here because every call checks its operands' element
// counts against the shapes it passes on, and no pointer outlives the closure that lent it.
internal import COpenBLAS

/// Dense products on one thread; whoever wants more threads splits the work into fixed blocks.
public enum BLAS {
  /// Makes OpenBLAS compute on the calling thread alone, for the whole process.
  public static func useOneThread() { openblas_set_num_threads(1) }

  /// OpenBLAS's own description of itself: version, options and the kernels chosen for this CPU.
  ///
  /// Asked for once, because OpenBLAS writes every answer into the same place.
  public static let configuration: String =
    unsafe openblas_get_config().map { unsafe String(cString: $0) } ?? "unknown"

  /// Computes `alpha · op(a) · op(b) + beta · c` into `c`.
  ///
  /// - Parameters:
  ///   - a: M×K, or K×M when `transposingA`.
  ///   - b: K×N, or N×K when `transposingB`.
  ///   - c: M×N.
  public static func multiply(
    _ a: Matrix, transposingA: Bool = false, by b: Matrix, transposingB: Bool = false,
    into c: inout Matrix, alpha: Float = 1, beta: Float = 0
  ) {
    let (m, k) = transposingA ? (a.columns, a.rows) : (a.rows, a.columns)
    let (inner, n) = transposingB ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(
      k == inner && c.rows == m && c.columns == n,
      "\(m)×\(k) by \(inner)×\(n) does not give \(c.rows)×\(c.columns)")
    guard m > 0, n > 0 else { return }
    let (aColumns, bColumns) = (a.columns, b.columns)
    unsafe a.values.withUnsafeBufferPointer { a in
      unsafe b.values.withUnsafeBufferPointer { b in
        unsafe c.values.withUnsafeMutableBufferPointer { c in
          unsafe multiply(
            m, n, k, a.baseAddress, aColumns, transposingA, b.baseAddress, bColumns, transposingB,
            c.baseAddress, n, alpha, beta)
        }
      }
    }
  }

  /// The same product on raw row-major operands with row strides, for callers that own the memory.
  @unsafe
  public static func multiply(
    _ m: Int, _ n: Int, _ k: Int,
    _ a: UnsafePointer<Float>?, _ aStride: Int, _ transposingA: Bool,
    _ b: UnsafePointer<Float>?, _ bStride: Int, _ transposingB: Bool,
    _ c: UnsafeMutablePointer<Float>?, _ cStride: Int, _ alpha: Float, _ beta: Float
  ) {
    unsafe cblas_sgemm(
      CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans,
      transposingB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), alpha,
      a, blasint(aStride), b, blasint(bStride), beta, c, blasint(cStride))
  }

  /// Computes `op(a) · op(b)` into `c` in double precision, the operands being row-major.
  ///
  /// - Parameters:
  ///   - a: M×K, or K×M when `transposingA`.
  ///   - b: K×N, or N×K when `transposingB`.
  ///   - c: M×N.
  public static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ a: [Double], transposingA: Bool = false, _ b: [Double],
    transposingB: Bool = false, into c: inout [Double]
  ) {
    precondition(
      a.count == m * k && b.count == k * n && c.count == m * n,
      "\(a.count) by \(b.count) elements are no \(m)×\(k) by \(k)×\(n)")
    guard m > 0, n > 0, k > 0 else { return c = [Double](repeating: 0, count: m * n) }
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          unsafe cblas_dgemm(
            CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans,
            transposingB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k), 1,
            a.baseAddress, blasint(transposingA ? m : k), b.baseAddress,
            blasint(transposingB ? k : n), 0, c.baseAddress, blasint(n))
        }
      }
    }
  }
}
