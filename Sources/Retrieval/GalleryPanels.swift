// `unsafe` is sound here because rows are taken from within the matrices' row counts, a panel holds
// the largest block's products, vector loads stop at the last full stripe of its columns, and no
// pointer outlives the closure that lent it.
internal import Tensors

/// Products of blocks of queries with blocks of gallery rows, and the ranking of what they find.
struct GalleryPanels: Sendable {
  private static let queryBlock = 256
  private static let galleryBlock = 1024
  /// Scanned at a time.
  private static let stripe = 32

  private let queries: Matrix
  private let gallery: Matrix
  private let wanted: Int
  /// Twice the error of a product of unit rows, D·2⁻²⁴ in any order of summation (Higham, "Accuracy
  /// and Stability of Numerical Algorithms", section 3.1), and some for their lengths.
  private let window: Float

  init(queries: Matrix, gallery: Matrix, wanted: Int) {
    self.queries = queries
    self.gallery = gallery
    self.wanted = wanted
    window = 2 * Float(queries.columns + 4) * 0x1p-24
  }

  /// The number of blocks of queries.
  var queryBlocks: Int { (queries.rows + Self.queryBlock - 1) / Self.queryBlock }

  /// The queries of a block.
  func queries(inBlock block: Int) -> Range<Int> {
    block * Self.queryBlock..<min((block + 1) * Self.queryBlock, queries.rows)
  }

  /// For each query of a block, the rows of a part of the gallery that may be among the nearest.
  func candidates(
    ofBlock block: Int, in rows: Range<Int>
  ) -> [(query: Int, neighbors: [Neighbor])] {
    let queries = queries(inBlock: block)
    var found = queries.map { _ in Candidates(wanted: wanted, window: window) }
    var panel = [Float](repeating: 0, count: queries.count * Self.galleryBlock)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.galleryBlock) {
      let columns = start..<min(start + Self.galleryBlock, rows.upperBound)
      multiply(queries, columns, into: &panel)
      for query in found.indices {
        scan(panel, query * Self.galleryBlock, columns, into: &found[query])
      }
    }
    return zip(queries, found).map { query, candidates in
      var candidates = candidates
      candidates.prune()
      return (query, candidates.list)
    }
  }

  private func multiply(_ queries: Range<Int>, _ rows: Range<Int>, into panel: inout [Float]) {
    let width = gallery.columns
    unsafe self.queries.values.withUnsafeBufferPointer { a in
      unsafe gallery.values.withUnsafeBufferPointer { b in
        unsafe panel.withUnsafeMutableBufferPointer { c in
          unsafe BLAS.multiply(
            queries.count, rows.count, width,
            a.baseAddress.map { unsafe $0 + queries.lowerBound * width }, width, false,
            b.baseAddress.map { unsafe $0 + rows.lowerBound * width }, width, true,
            c.baseAddress, Self.galleryBlock, 1, 0)
        }
      }
    }
  }

  /// Adds what is not below the floor; most stripes are passed over by 16 vector operations.
  private func scan(
    _ panel: [Float], _ first: Int, _ columns: Range<Int>, into found: inout Candidates
  ) {
    unsafe panel.withUnsafeBytes { bytes in
      let values = unsafe UnsafeRawBufferPointer(rebasing: bytes[(first * 4)...])
      let count = columns.count
      for start in stride(from: 0, to: count, by: Self.stripe) {
        let end = min(start + Self.stripe, count)
        if end - start == Self.stripe, unsafe !any(highest(values, start) .>= found.floor) {
          continue
        }
        for column in start..<end {
          let value = unsafe values.load(fromByteOffset: column * 4, as: Float.self)
          if value >= found.floor { found.add(value, at: columns.lowerBound + column) }
        }
      }
    }
  }

  @inline(__always)
  private func highest(_ values: UnsafeRawBufferPointer, _ column: Int) -> SIMD8<Float> {
    func eight(_ index: Int) -> SIMD8<Float> {
      unsafe values.loadUnaligned(fromByteOffset: (column + 8 * index) * 4, as: SIMD8<Float>.self)
    }
    let (a, b, c, d) = (eight(0), eight(1), eight(2), eight(3))
    let ab = a.replacing(with: b, where: b .> a)
    let cd = c.replacing(with: d, where: d .> c)
    return ab.replacing(with: cd, where: cd .> ab)
  }

  /// The nearest of a query's candidates by their cosines in double precision.
  func rank(_ candidates: [Neighbor], for query: Int) -> [Neighbor] {
    let row = DoubleRow(queries, row: query)
    var other = DoubleRow(width: gallery.columns)
    let exact = candidates.map { candidate in
      other.load(gallery, row: candidate.index)
      return (index: candidate.index, similarity: row.product(other))
    }
    let sorted = exact.sorted { ($1.similarity, $0.index) < ($0.similarity, $1.index) }
    return sorted.prefix(wanted).map {
      Neighbor(index: $0.index, similarity: Float($0.similarity))
    }
  }
}
