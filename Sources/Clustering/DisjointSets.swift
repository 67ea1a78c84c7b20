/// Sets that only grow together, each named by its lowest element.
struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  /// The lowest element of the set that an element is in.
  mutating func root(of element: Int) -> Int {
    var element = element
    while parents[element] != element {
      parents[element] = parents[parents[element]]
      element = parents[element]
    }
    return element
  }

  /// Makes one set of two, named by their roots.
  mutating func join(_ root: Int, _ other: Int) { parents[max(root, other)] = min(root, other) }
}
