// `unsafe` is sound here because panels are sized for the largest block and tile, and every place is
// below the count of the sums.
internal import Tensors

/// Finds the nearest cluster of many clusters: single-precision products, double-precision decisions.
///
/// A block of rows is multiplied with all means, tile by tile. Whatever lies within the rounding
/// error of a row's largest product is a candidate, and the candidates are compared again in double
/// precision, ties to the lowest place. So the answer does not depend on blocks, lanes or the BLAS.
@safe
struct NeighborSearch {
  private static let blockRows = 256
  private static let tileColumns = 1024

  private let sums: ClusterSums
  /// Twice the error that a single-precision product of unit vectors can have in practice.
  private let margin: Float

  init(_ sums: ClusterSums) {
    self.sums = sums
    margin = 1e-6 + 1.5e-7 * Float(sums.width).squareRoot()
  }

  /// The nearest cluster of each of the given places.
  func nearest(to places: [Int], lanes: LanePool) -> [Int] {
    let answers = Answers(count: places.count)
    let block = min(Self.blockRows, max(1, (places.count + lanes.count - 1) / lanes.count))
    let empty = (0..<sums.count).filter { sums.isEmpty($0) }
    let tickets = LanePool.Ticket()
    let blocks = (places.count + block - 1) / block
    let work: @Sendable (Int) -> Void = { _ in
      let panel = Panel(rows: block, columns: Self.tileColumns, width: sums.width)
      while let number = tickets.take(below: blocks) {
        let range = number * block..<min((number + 1) * block, places.count)
        answers.set(range, search(Array(places[range]), empty: empty, panel: panel))
      }
    }
    // `work` cannot throw, so neither can this.
    try? lanes.run(work)
    return answers.values
  }

  /// One lane's buffers.
  @safe
  private final class Panel {
    let rows: AlignedStorage
    let products: AlignedStorage

    init(rows: Int, columns: Int, width: Int) {
      self.rows = AlignedStorage(count: rows * width)
      products = AlignedStorage(count: rows * columns)
    }
  }

  /// The candidates of one row so far.
  private struct Candidates {
    var best = -Float.infinity
    var places: [(place: Int, value: Float)] = []
  }

  private func search(_ places: [Int], empty: [Int], panel: Panel) -> [Int] {
    let width = sums.width
    for (row, place) in places.enumerated() {
      unsafe (panel.rows.base + row * width).update(
        from: sums.means + place * width, count: width)
    }
    var candidates = [Candidates](repeating: Candidates(), count: places.count)
    var nextEmpty = 0
    for start in stride(from: 0, to: sums.count, by: Self.tileColumns) {
      let columns = min(Self.tileColumns, sums.count - start)
      unsafe BLAS.multiply(
        places.count, columns, width, panel.rows.base, width, false, sums.means + start * width,
        width, true, panel.products.base, Self.tileColumns, 1, 0)
      let firstEmpty = nextEmpty
      while nextEmpty < empty.count && empty[nextEmpty] < start + columns { nextEmpty += 1 }
      for (row, place) in places.enumerated() {
        let products = unsafe panel.products.base + row * Self.tileColumns
        for index in firstEmpty..<nextEmpty { unsafe products[empty[index] - start] = -.infinity }
        if place >= start && place < start + columns {
          unsafe products[place - start] = -.infinity
        }
        unsafe collect(products, columns, start, into: &candidates[row])
      }
    }
    return places.indices.map { decide(places[$0], candidates[$0]) }
  }

  /// Adds what this tile has within the margin of the best so far.
  private func collect(
    _ products: UnsafePointer<Float>, _ columns: Int, _ start: Int, into row: inout Candidates
  ) {
    let largest = unsafe Self.maximum(products, columns)
    guard largest >= row.best - margin else { return }
    if largest > row.best {
      row.best = largest
      row.places.removeAll { $0.value < largest - margin }
    }
    let threshold = row.best - margin
    for column in 0..<columns {
      let value = unsafe products[column]
      if value >= threshold { row.places.append((start + column, value)) }
    }
  }

  /// The candidate that is nearest in double precision; the lowest place of equals.
  private func decide(_ place: Int, _ row: Candidates) -> Int {
    guard row.places.count > 1 else { return row.places.first?.place ?? -1 }
    var best = -1
    var nearest = -Double.infinity
    for candidate in row.places {
      let similarity = sums.similarity(place, candidate.place)
      if similarity > nearest { (nearest, best) = (similarity, candidate.place) }
    }
    return best
  }

  private static func maximum(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var best = SIMD16<Float>(repeating: -.infinity)
    var index = 0
    while index + 16 <= count {
      let next = unsafe UnsafeRawPointer(values + index).loadUnaligned(as: SIMD16<Float>.self)
      best.replace(with: next, where: next .> best)
      index += 16
    }
    var largest = best.max()
    while index < count {
      let value = unsafe values[index]
      if value > largest { largest = value }
      index += 1
    }
    return largest
  }
}

/// Answers that lanes write by index.
///
/// `@unchecked Sendable`: lanes write disjoint ranges; read when no lane runs.
@safe
private final class Answers: @unchecked Sendable {
  private let base: UnsafeMutablePointer<Int>
  private let count: Int

  init(count: Int) {
    self.count = count
    unsafe base = .allocate(capacity: max(count, 1))
    unsafe base.initialize(repeating: -1, count: max(count, 1))
  }

  deinit { unsafe base.deallocate() }

  func set(_ range: Range<Int>, _ values: [Int]) {
    for (index, value) in zip(range, values) { unsafe base[index] = value }
  }

  var values: [Int] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }
}
