// `unsafe` is sound here because every index is below the capacity that sized the buffers, which
// never move; lanes only read, and only between two changes.
internal import Tensors

/// The clusters that are left, as sums of their rows' unit vectors: all that average linkage needs.
///
/// d(A, B) = 1 − s_A·s_B / (|A|·|B|), so n·d sums replace n²/2 distances. Sums are in double
/// precision; means in single precision are what the search multiplies.
///
/// `@unchecked Sendable`: searched by many lanes, changed by one between two searches.
@safe
final class ClusterSums: @unchecked Sendable {
  let width: Int
  /// Places in use; some of them may be empty.
  private(set) var count: Int
  private(set) var sizes: [Int]
  /// A row of each place's cluster.
  private(set) var representatives: [Int]
  private(set) var emptyCount = 0
  let means: UnsafeMutablePointer<Float>
  private let sums: UnsafeMutablePointer<Double>

  /// Starts with one cluster for each group of equal rows.
  ///
  /// - Parameters:
  ///   - groups: a row of each group, and the group's size.
  ///   - norms: the rows' Euclidean lengths.
  init(_ rows: Matrix, groups: [(row: Int, size: Int)], norms: [Double]) {
    width = rows.columns
    count = groups.count
    sizes = groups.map(\.size)
    representatives = groups.map(\.row)
    unsafe means = .allocate(capacity: max(1, groups.count * rows.columns))
    unsafe sums = .allocate(capacity: max(1, groups.count * rows.columns))
    for (place, group) in groups.enumerated() {
      for (column, value) in rows.row(group.row).enumerated() {
        let unit = Double(value) / norms[group.row]
        unsafe means[place * width + column] = Float(unit)
        unsafe sums[place * width + column] = unit * Double(group.size)
      }
    }
  }

  deinit {
    unsafe means.deallocate()
    unsafe sums.deallocate()
  }

  func isEmpty(_ place: Int) -> Bool { sizes[place] == 0 }

  /// The mean cosine between the rows of two clusters, in double precision, in a fixed order.
  func similarity(_ first: Int, _ second: Int) -> Double {
    let (a, b) = unsafe (sums + first * width, sums + second * width)
    var partial = SIMD8<Double>.zero
    var column = 0
    while column + 8 <= width {
      let left = unsafe UnsafeRawPointer(a + column).loadUnaligned(as: SIMD8<Double>.self)
      let right = unsafe UnsafeRawPointer(b + column).loadUnaligned(as: SIMD8<Double>.self)
      partial += left * right
      column += 8
    }
    var total = partial.sum()
    while column < width {
      unsafe total += a[column] * b[column]
      column += 1
    }
    return total / (Double(sizes[first]) * Double(sizes[second]))
  }

  /// Moves the second cluster into the first; the second place is empty afterwards.
  func merge(_ first: Int, _ second: Int) {
    let size = sizes[first] + sizes[second]
    for column in 0..<width {
      let sum = unsafe sums[first * width + column] + sums[second * width + column]
      unsafe sums[first * width + column] = sum
      unsafe means[first * width + column] = Float(sum / Double(size))
    }
    sizes[first] = size
    sizes[second] = 0
    emptyCount += 1
  }

  /// Closes the gaps, keeping the order.
  ///
  /// - Returns: the new place of each old one; −1 for empty ones.
  func compact() -> [Int] {
    var moved = [Int](repeating: -1, count: count)
    var next = 0
    for place in 0..<count where sizes[place] > 0 {
      moved[place] = next
      if next != place {
        unsafe (means + next * width).update(from: means + place * width, count: width)
        unsafe (sums + next * width).update(from: sums + place * width, count: width)
        sizes[next] = sizes[place]
        representatives[next] = representatives[place]
      }
      next += 1
    }
    count = next
    sizes.removeLast(sizes.count - next)
    representatives.removeLast(representatives.count - next)
    emptyCount = 0
    return moved
  }
}
