import Foundation
public import Tensors

/// A gallery row near a query.
public struct Neighbor: Sendable, Equatable {
  /// The gallery row.
  public let index: Int
  /// The cosine between query and row.
  public let similarity: Float
}

/// Exact nearest neighbours by cosine.
public enum NearestNeighbors {
  /// The `k` gallery rows nearest to each query, nearest first, ties to the lowest row.
  ///
  /// - Parameters:
  ///   - queries: Q·D unit rows.
  ///   - gallery: N·D unit rows.
  ///   - lanes: the compute threads; blocks of 64 queries are fixed, so their number changes nothing.
  /// - Returns: min(k, N) neighbours a query.
  /// - Complexity: O(Q·N·D) time; 64·N floats of memory a lane.
  public static func search(
    _ k: Int, for queries: Matrix, in gallery: Matrix, lanes: LanePool
  ) -> [[Neighbor]] {
    precondition(
      queries.columns == gallery.columns || queries.rows == 0 || gallery.rows == 0,
      "queries have \(queries.columns) columns, the gallery \(gallery.columns)")
    let block = 64
    let blocks = (queries.rows + block - 1) / block
    let found = Found(blocks: blocks)
    // The body cannot throw, so neither can this.
    try? lanes.forEach(blocks) { number in
      let rows = queries.rows(number * block..<min((number + 1) * block, queries.rows))
      var products = Matrix(rows: rows.rows, columns: gallery.rows)
      BLAS.multiply(rows, by: gallery, transposingB: true, into: &products)
      found.set(number, (0..<rows.rows).map { largest(k, of: products.row($0)) })
    }
    return found.all
  }

  /// The `k` largest values with their places, in descending order: a heap of the best so far.
  static func largest(_ k: Int, of values: ArraySlice<Float>) -> [Neighbor] {
    var best: [Neighbor] = []
    guard k > 0 else { return [] }
    for (offset, value) in values.enumerated() {
      if best.count == k, let worst = best.last, value <= worst.similarity { continue }
      let place = best.partitioningIndex { $0.similarity < value }
      best.insert(Neighbor(index: offset, similarity: value), at: place)
      if best.count > k { best.removeLast() }
    }
    return best
  }
}

extension Array {
  /// The first place whose element satisfies the predicate, in an array sorted by it.
  fileprivate func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Neighbours by block of queries.
///
/// `@unchecked Sendable`: the array is touched under the lock alone.
private final class Found: @unchecked Sendable {
  private let lock = NSLock()
  private var blocks: [[[Neighbor]]]

  init(blocks: Int) { self.blocks = Array(repeating: [], count: blocks) }

  func set(_ block: Int, _ neighbors: [[Neighbor]]) { lock.withLock { blocks[block] = neighbors } }

  var all: [[Neighbor]] { lock.withLock { blocks.flatMap { $0 } } }
}
