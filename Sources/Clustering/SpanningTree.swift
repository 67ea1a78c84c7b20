internal import Tensors

/// A minimum spanning tree of distinct rows, grown everywhere at once: in each round the shortest edge from
/// every tree to another joins them (Borůvka, 1926).
///
/// The largest tree needs none of its own. Rows begin with the lists of the first search. A row whose list
/// does not tell its nearest in another tree is searched for again, among rows of other trees, where that
/// may be nearer than what its own tree has found so far. Of equally long edges the one with the lowest row
/// is shorter, then with the lowest other row, so there is one tree, whoever finds it.
struct SpanningTree {
  /// A row of a tree and one of another.
  struct Edge: BitwiseCopyable, Sendable {
    /// The slot of the row whose nearest the other is.
    let row: Int32
    /// The slot of the other, −1 where there is none.
    let other: Int32
    let similarity: Double

    static let none = Edge(row: -1, other: -1, similarity: -.infinity)

    /// Whether it is the shorter one.
    func precedes(_ edge: Edge) -> Bool {
      (-similarity, min(row, other), max(row, other))
        < (-edge.similarity, min(edge.row, edge.other), max(edge.row, edge.other))
    }
  }

  /// The edges, N − 1 of them, as they were found.
  private(set) var edges: [Edge] = []

  /// The lowest slot of the tree that each slot is in.
  private let roots: LaneArray<Int32>
  private var trees: DisjointSets

  /// How many rows a rank looks at before it tells the others what it found.
  private static let rowsAtOnce = 1 << 12

  /// Finds the tree of the rows that a linkage has compared.
  ///
  /// - Parameter progress: told of every round, and during searches.
  /// - Complexity: O(N²·D) for each of at most ⌈log₂ N⌉ rounds; most rows are searched for two or three
  ///   times.
  init(of joining: inout SumLinkage, progress: ClusteringProgress.Report?) throws {
    let count = joining.store.clusters.count
    trees = DisjointSets(count: count)
    roots = LaneArray((0..<count).map { Int32($0) })
    while edges.count + 1 < count {
      for edge in try shortestEdges(&joining, progress) { add(edge) }
      for slot in 0..<count { roots[slot] = Int32(trees.root(of: slot)) }
      joining.statistics.rounds += 1
      progress?(.joining(left: count - edges.count))
    }
  }

  private mutating func add(_ edge: Edge) {
    let (root, other) = (trees.root(of: Int(edge.row)), trees.root(of: Int(edge.other)))
    // Two trees may have found the same edge.
    guard root != other else { return }
    trees.join(root, other)
    edges.append(edge)
  }

  /// The shortest edge from every tree but the largest to another one.
  private func shortestEdges(
    _ joining: inout SumLinkage, _ progress: ClusteringProgress.Report?
  ) throws -> [Edge] {
    let (team, store, roots) = (joining.team, joining.store, roots)
    let largest = largestTree()
    let mine = store.live.filter {
      team.keeps($0) && roots[Int($0)] != largest
    }
    var shortest = ShortestEdges(roots: roots)
    // At first lists are as fresh as can be, unless there are origins since.
    let areFresh = edges.isEmpty && store.origins == nil
    for effort in areFresh ? [Effort.lists, .doubles] : [.lists, .bounds, .doubles] {
      let asked = mine.filter { slot in
        guard effort != .lists else { return true }
        let state = store.states[Int(slot)]
        // Single precision does not help those that it failed before.
        if effort == .bounds, state.isExact { return false }
        return state.nearest < 0 && Double(state.bound) >= shortest.similarity(of: slot)
      }
      let counts = try team.gather([Int32(asked.count)]).map { Int($0) }
      let all = counts.reduce(0, +)
      let isForAll = effort == .bounds && 2 * all > store.live.count && store.origins == nil
      // Every pair once then costs no more.
      if isForAll { try joining.compareAll(apart: roots, progress: progress) }
      for first in stride(from: 0, to: counts.max() ?? 0, by: Self.rowsAtOnce) {
        let part = Array(asked.dropFirst(first).prefix(Self.rowsAtOnce))
        if !isForAll { search(for: part, effort, joining) }
        shortest.note(try team.gather(nearest(to: part, joining)))
        progress?(.joining(left: store.live.count - edges.count))
      }
      joining.statistics.searches += effort == .bounds && !isForAll ? all : 0
      joining.statistics.exactSearches += effort == .doubles ? all : 0
    }
    return shortest.edges
  }

  /// How the nearest of a row is looked for: in its list, by a search in single precision, by one in double.
  private enum Effort { case lists, bounds, doubles }

  private func search(for slots: [Int32], _ effort: Effort, _ joining: SumLinkage) {
    let store = joining.store
    switch effort {
    case .lists: break
    case .bounds:
      joining.search.search(slots, in: store, apart: roots)
      for slot in slots { store.noteSearch(of: slot) }
    case .doubles: joining.search.searchExactly(slots, in: store, apart: roots)
    }
  }

  /// The root of the tree with the most rows, of equals the lowest.
  private func largestTree() -> Int32 {
    var sizes = [Int32](repeating: 0, count: roots.count)
    for slot in 0..<roots.count { sizes[Int(roots[slot])] += 1 }
    return Int32(sizes.firstIndex(of: sizes.max() ?? 0) ?? 0)
  }

  // MARK: - Rows

  /// The edges from some rows to their nearest in other trees, as far as lists tell.
  private func nearest(to slots: [Int32], _ joining: SumLinkage) -> [Edge] {
    let (store, found) = (joining.store, LaneArray<Edge>(count: slots.count))
    joining.lanes.eachRange(in: slots.count, by: 64) { range in
      for index in range { found[index] = nearest(to: slots[index], in: store) }
    }
    return slots.indices.map { found[$0] }
  }

  private func edge(of slot: Int32, _ state: SearchState) -> Edge {
    Edge(row: slot, other: state.nearest, similarity: state.similarity)
  }

  /// The edge to the nearest row of another tree that a row's list holds; the row's state has none, if others
  /// may be nearer.
  private func nearest(to slot: Int32, in store: ClusterStore) -> Edge {
    var state = store.states[Int(slot)]
    let root = roots[Int(slot)]
    // Trees grow, so the nearest stays that until it is in this one.
    if state.nearest >= 0, roots[Int(state.nearest)] != root { return edge(of: slot, state) }
    (state.nearest, state.similarity) = (-1, -.infinity)
    let list = store.list(of: Int(slot))
    for place in 0..<Shortlist.capacity {
      let other = list.slot(place)
      // Listed values are bounds, in descending order.
      guard other >= 0, Double(list.value(place)) >= state.similarity else { break }
      guard roots[Int(other)] != root else { continue }
      let similarity = store.similarity(Int(slot), Int(other))
      if similarity > state.similarity
        || similarity == state.similarity && other < state.nearest
      {
        (state.nearest, state.similarity) = (other, similarity)
      }
    }
    let found = edge(of: slot, state)
    if state.similarity <= Double(state.bound) {
      (state.nearest, state.similarity) = (-1, -.infinity)
    }
    store.states[Int(slot)] = state
    return found
  }
}

/// The shortest edge from every tree, of those that were found.
private struct ShortestEdges {
  private let roots: LaneArray<Int32>
  /// By root.
  private var found: [SpanningTree.Edge]

  init(roots: LaneArray<Int32>) {
    self.roots = roots
    found = Array(repeating: .none, count: roots.count)
  }

  var edges: [SpanningTree.Edge] { found.filter { $0.other >= 0 } }

  /// The similarity of the shortest edge from the tree that a row is in.
  func similarity(of slot: Int32) -> Double {
    found[Int(roots[Int(slot)])].similarity
  }

  /// Takes note of edges, and of what is none, because a list held no row of another tree.
  mutating func note(_ edges: [SpanningTree.Edge]) {
    for edge in edges where edge.other >= 0 {
      let root = Int(roots[Int(edge.row)])
      if edge.precedes(found[root]) { found[root] = edge }
    }
  }
}
