/// The merges in the order in which they were found, which is not the order of their heights.
struct MergeLog {
  /// The number of rows.
  let count: Int
  /// Merges whose ids beyond `count` are places in this very list.
  private(set) var merges: [Dendrogram.Merge] = []

  init(count: Int) {
    self.count = count
    merges.reserveCapacity(max(count - 1, 0))
  }

  /// Notes a merge, and returns the id of the new cluster.
  ///
  /// In exact arithmetic no merge of average linkage lies below those that made its clusters; the
  /// last bit of a rounded height is lifted to keep it so.
  mutating func append(_ one: Int, _ other: Int, height: Double, size: Int) -> Int {
    let lifted = max(height, self.height(of: one), self.height(of: other))
    merges.append(Dendrogram.Merge(one, other, height: lifted, count: size))
    return count + merges.count - 1
  }

  private func height(of node: Int) -> Double { node < count ? 0 : merges[node - count].height }

  /// The merges by height, those of equal height as they were found, with ids to match.
  func sorted() -> [Dendrogram.Merge] {
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
