internal import Synchronization
public import Tensors

/// Exact nearest neighbours by cosine.
public enum NearestNeighbors {
  /// Finds the `k` gallery rows nearest to each query, nearest first, ties to the lowest row.
  ///
  /// Blocked products in single precision choose candidates, and all that their rounding error may
  /// have misplaced are ranked in double precision; so neither lanes nor the BLAS change the result.
  ///
  /// - Parameters:
  ///   - k: how many; more than the gallery has means all of it.
  ///   - queries: Q·D finite rows of unit length; a row of zeros is as near to everything.
  ///   - gallery: N·D finite rows of unit length or zeros.
  ///   - lanes: the threads that compute.
  /// - Returns: min(k, N) neighbours a query, in the order of the queries.
  /// - Complexity: O(Q·N·D) time, O(Q·k) memory and a fixed amount a lane.
  public static func search(
    _ k: Int, for queries: Matrix, in gallery: Matrix, lanes: LanePool
  ) -> [[Neighbor]] {
    precondition(k >= 0, "\(k) neighbours cannot be found")
    precondition(
      queries.columns == gallery.columns || queries.rows == 0 || gallery.rows == 0,
      "queries have \(queries.columns) columns, the gallery \(gallery.columns)")
    let wanted = min(k, gallery.rows)
    guard wanted > 0, queries.rows > 0 else {
      return Array(repeating: [], count: queries.rows)
    }
    let panels = GalleryPanels(queries: queries, gallery: gallery, wanted: wanted)
    let blocks = panels.queryBlocks
    // Few queries are shared out by parts of the gallery, so that every lane has work.
    let parts = lanes.count == 1 ? 1 : (2 * lanes.count + blocks - 1) / blocks
    let found = Found(count: queries.rows)
    forEach(blocks * parts, lanes) { item in
      let part = item % parts
      let rows = gallery.rows * part / parts..<gallery.rows * (part + 1) / parts
      found.add(panels.candidates(ofBlock: item / parts, in: rows))
    }
    let result = Found(count: queries.rows)
    let candidates = found.lists
    forEach(blocks, lanes) { block in
      let ranked = panels.queries(inBlock: block).map { query in
        (query, panels.rank(candidates[query], for: query))
      }
      result.add(ranked)
    }
    return result.lists
  }

  private static func forEach(
    _ count: Int, _ lanes: LanePool, _ body: @Sendable (Int) -> Void
  ) {
    do { try lanes.forEach(count, body) } catch {
      preconditionFailure("a body that cannot throw threw \(error)")
    }
  }

  /// Neighbours by query; their order within a query is the order of arrival.
  private final class Found: Sendable {
    private let storage: Mutex<[[Neighbor]]>

    init(count: Int) { storage = Mutex(Array(repeating: [], count: count)) }

    func add(_ lists: [(query: Int, neighbors: [Neighbor])]) {
      storage.withLock { storage in
        for list in lists { storage[list.query] += list.neighbors }
      }
    }

    var lists: [[Neighbor]] { storage.withLock { $0 } }
  }
}
