/// The gallery rows that may be among the nearest to one query, as far as single precision can tell.
struct Candidates {
  /// Values below this cannot be among the nearest.
  private(set) var floor = -Float.infinity
  private(set) var list: [Neighbor] = []
  private let wanted: Int
  private let window: Float
  private var limit: Int

  /// - Parameters:
  ///   - wanted: how many are to be found.
  ///   - window: twice the error of a value.
  init(wanted: Int, window: Float) {
    self.wanted = wanted
    self.window = window
    limit = 4 * wanted + 64
  }

  /// Takes note of a value that is not below the floor.
  mutating func add(_ value: Float, at row: Int) {
    list.append(Neighbor(index: row, similarity: value))
    if list.count >= limit {
      prune()
      // Many equal values: room for more of them, or every further one would sort the list.
      limit = max(limit, 2 * list.count)
    }
  }

  /// Drops what cannot be among the nearest.
  mutating func prune() {
    guard list.count > wanted else { return }
    let values = list.map(\.similarity).sorted(by: >)
    floor = values[wanted - 1] - window
    list.removeAll { $0.similarity < floor }
  }
}
