internal import Tensors

/// The distinct rows; copies are merged at height 0 before anything else.
struct DistinctRows {
  /// The lowest row of every kind, ascending.
  let rows: [Int]
  /// How many rows are of that kind.
  let weights: [Int]
  /// The id that the kind has in the merge log.
  let nodes: [Int]

  init(_ space: RowSpace, lanes: LanePool, log: inout MergeLog) {
    let firsts = EqualRows(in: space, lanes: lanes).firsts
    var nodes = Array(0..<firsts.count)
    var weights = [Int](repeating: 1, count: firsts.count)
    for (row, first) in firsts.enumerated() where first != row {
      weights[first] += 1
      nodes[first] = log.append(nodes[first], row, height: 0, size: weights[first])
    }
    self.rows = firsts.indices.filter { firsts[$0] == $0 }
    self.weights = self.rows.map { weights[$0] }
    self.nodes = self.rows.map { nodes[$0] }
  }
}
