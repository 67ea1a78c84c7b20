/// The tree of an agglomerative clustering: n − 1 merges whose heights never decrease.
public struct Dendrogram: Sendable, Equatable {
  /// Two clusters that became one.
  public struct Merge: Sendable, Equatable {
    /// The smaller of the two numbers: below n it is a row, n + i is the result of merge i.
    public let left: Int
    /// The larger of the two numbers.
    public let right: Int
    /// The distance at which they merged.
    public let height: Double
    /// The rows of the result.
    public let count: Int
  }

  /// The number of rows, n.
  public let count: Int
  /// The merges, lowest first; a merge comes after those it builds on.
  public let merges: [Merge]

  /// SciPy's linkage matrix Z, (n − 1)×4, row-major: left, right, height, count.
  public var linkageMatrix: [Double] {
    merges.flatMap { [Double($0.left), Double($0.right), $0.height, Double($0.count)] }
  }

  /// Orders merges by height and numbers them.
  ///
  /// - Parameter joins: pairs of representative rows in an order in which each cluster is complete
  ///   before it is joined further. Equal heights keep that order.
  init(count: Int, joins: [(first: Int, second: Int, height: Double)]) {
    // A parent is never lower than its children in exact arithmetic; rounding is taken out here.
    var heights: [Double] = []
    var floor = [Double](repeating: 0, count: count)
    var sets = DisjointSets(count: count)
    for join in joins {
      let (first, second) = (sets.find(join.first), sets.find(join.second))
      let height = max(join.height, floor[first], floor[second])
      heights.append(height)
      floor[sets.join(first, second)] = height
    }
    let order = joins.indices.sorted {
      heights[$0] != heights[$1] ? heights[$0] < heights[$1] : $0 < $1
    }
    sets = DisjointSets(count: count)
    var numbers = Array(0..<count)
    var sizes = [Int](repeating: 1, count: count)
    var merges: [Merge] = []
    merges.reserveCapacity(joins.count)
    for index in order {
      let first = sets.find(joins[index].first)
      let second = sets.find(joins[index].second)
      let size = sizes[first] + sizes[second]
      merges.append(
        Merge(
          left: min(numbers[first], numbers[second]), right: max(numbers[first], numbers[second]),
          height: heights[index], count: size))
      let root = sets.join(first, second)
      numbers[root] = count + merges.count - 1
      sizes[root] = size
    }
    self.count = count
    self.merges = merges
  }
}

/// Union–find over rows (Tarjan, JACM 1975), with path halving.
struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func find(_ row: Int) -> Int {
    var row = row
    while parents[row] != row {
      parents[row] = parents[parents[row]]
      row = parents[row]
    }
    return row
  }

  /// Joins two roots; the smaller number is the root of both.
  mutating func join(_ first: Int, _ second: Int) -> Int {
    let root = min(first, second)
    parents[max(first, second)] = root
    return root
  }
}
