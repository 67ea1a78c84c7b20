// `unsafe` is sound here because vectors point into arrays that are lent until the last comparison is
// made, and there is room for as many as a kernel takes at once.
internal import CPanels
internal import Tensors

extension RowSpace {
  /// How many rows are best compared with others at a time.
  static let rowsAtOnce = Int(CPANELS_PAIRED)

  /// Compares some rows with others in double precision; the distance of two rows has the same bits in
  /// both orders and in any company.
  ///
  /// - Parameter body: told the places of a row in `rows` and of one in `others`, and their distance;
  ///   for each row the places in `others` ascend.
  /// - Complexity: O(rows·others·D)
  @inline(__always)
  func compare(
    _ rows: ArraySlice<Int>, with others: ArraySlice<Int>, _ body: (Int, Int, Double) -> Void
  ) {
    let (tall, wide) = (Self.rowsAtOnce, Int(CPANELS_COLUMNS))
    unsafe withUnsafeTemporaryAllocation(of: cpanels_vector.self, capacity: tall + wide) {
      vectors in
      unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: tall * wide) { values in
        unsafe withVectors { vector in
          for first in stride(from: others.startIndex, to: others.endIndex, by: wide) {
            let panel = first..<min(first + wide, others.endIndex)
            for place in panel {
              unsafe vectors.initializeElement(at: tall + place - first, to: vector(others[place]))
            }
            for top in stride(from: rows.startIndex, to: rows.endIndex, by: tall) {
              let block = top..<min(top + tall, rows.endIndex)
              for place in block {
                unsafe vectors.initializeElement(at: place - top, to: vector(rows[place]))
              }
              unsafe writeTotals(vectors, block.count, panel.count, values)
              for row in block {
                for other in panel {
                  let value = unsafe values[(row - top) * wide + other - first]
                  body(row, other, distance(value))
                }
              }
            }
          }
        }
      }
    }
  }

  private func writeTotals(
    _ vectors: UnsafeMutableBufferPointer<cpanels_vector>, _ rows: Int, _ others: Int,
    _ values: UnsafeMutableBufferPointer<Double>
  ) {
    guard let first = vectors.baseAddress else { return }
    let run = unsafe metric == .cosine ? cpanels_pair_products : cpanels_pair_distances
    unsafe run(
      first, Int64(rows), first + Self.rowsAtOnce, Int64(others), Int64(self.rows.columns),
      values.baseAddress)
  }

  /// The distance that follows from a sum of products, or of squares.
  @inline(__always)
  private func distance(_ total: Double) -> Double {
    metric == .cosine ? max(0, 1 - total) : total.squareRoot() * unit
  }

  /// Lends all rows as vectors of this space.
  @inline(__always)
  private func withVectors(_ body: (_ vector: (Int) -> cpanels_vector) -> Void) {
    let width = rows.columns
    unsafe rows.values.withUnsafeBufferPointer { values in
      unsafe centre.withUnsafeBufferPointer { centre in
        guard let lows else {
          return unsafe body { row in
            unsafe cpanels_vector(
              row: values.baseAddress.map { unsafe $0 + row * width }, centre: centre.baseAddress,
              high: nil, low: nil, factor: factors[row])
          }
        }
        unsafe lows.values.withUnsafeBufferPointer { lows in
          unsafe body { row in
            unsafe cpanels_vector(
              row: nil, centre: nil, high: values.baseAddress.map { unsafe $0 + row * width },
              low: lows.baseAddress.map { unsafe $0 + row * width }, factor: factors[row])
          }
        }
      }
    }
  }
}
