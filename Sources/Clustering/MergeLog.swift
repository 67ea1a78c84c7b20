/// The merges in the order in which they were found, which is not the order of their heights.
struct MergeLog {
  /// The number of rows.
  let count: Int
  /// Merges whose ids beyond `count` are places in this very list.
  private(set) var merges: [Dendrogram.Merge] = []

  /// Whether heights of clusters may not be below those of their parts.
  private let isReducible: Bool

  init(count: Int, isReducible: Bool = true) {
    self.count = count
    self.isReducible = isReducible
    merges.reserveCapacity(max(count - 1, 0))
  }

  /// Notes a merge, and returns the id of the new cluster.
  ///
  /// In exact arithmetic no merge of a reducible linkage lies below those that made its clusters; the
  /// last bit of a rounded height is lifted to keep it so.
  mutating func append(_ one: Int, _ other: Int, height: Double, size: Int) -> Int {
    let least = isReducible ? max(self.height(of: one), self.height(of: other)) : 0
    merges.append(Dendrogram.Merge(one, other, height: max(height, least), count: size))
    return count + merges.count - 1
  }

  private func height(of node: Int) -> Double { node < count ? 0 : merges[node - count].height }

  /// The merges by height, those of equal height as they were found, with ids to match; as they were
  /// found, where heights may fall.
  func sorted() -> [Dendrogram.Merge] {
    guard isReducible else { return merges }
    let order = merges.indices.sorted { (merges[$0].height, $0) < (merges[$1].height, $1) }
    var place = [Int](repeating: 0, count: merges.count)
    for (new, old) in order.enumerated() { place[old] = new }
    func id(_ node: Int) -> Int { node < count ? node : count + place[node - count] }
    return order.map { old in
      let merge = merges[old]
      return Dendrogram.Merge(
        id(merge.left), id(merge.right), height: merge.height, count: merge.count)
    }
  }
}
