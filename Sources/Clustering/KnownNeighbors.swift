/// Which clusters know their nearest, and the most similar two of these.
struct KnownNeighbors {
  /// The cluster most similar to its nearest, of equals the lowest; −1 if none knows it.
  private(set) var best: Int32 = -1
  private(set) var similarity = -Double.infinity
  /// Those that do not know their nearest.
  private(set) var unknown: [Int32]

  /// Before anybody knows anything.
  init(unknown: [Int32]) { self.unknown = unknown }

  /// What the lanes found, and one cluster that knows nothing.
  init(_ parts: [Part], _ unknown: LaneArray<Int32>, and slot: Int32) {
    self.unknown = [slot]
    for part in parts {
      for place in part.start..<part.end { self.unknown.append(unknown[place]) }
      if part.best >= 0 { note(part.best, part.similarity) }
    }
  }

  /// Takes those that may be in a better pair than the best for known.
  mutating func takeDoubtful(_ isDoubtful: (Int32, Double) -> Bool) -> [Int32] {
    let doubtful = unknown.filter { isDoubtful($0, similarity) }
    unknown.removeAll { isDoubtful($0, similarity) }
    return doubtful
  }

  mutating func note(_ slot: Int32, _ similarity: Double) {
    guard (-similarity, slot) < (-self.similarity, best) else { return }
    (best, self.similarity) = (slot, similarity)
  }

  /// What one lane found of some clusters in ascending order.
  struct Part: BitwiseCopyable {
    private(set) var best: Int32 = -1
    private(set) var similarity = -Double.infinity
    /// The places of those that know no nearest.
    let start: Int
    private(set) var end: Int

    init(start: Int) { (self.start, end) = (start, start) }

    mutating func note(_ slot: Int32, _ state: SearchState, unknown: LaneArray<Int32>) {
      if state.nearest < 0 {
        unknown[end] = slot
        end += 1
      } else if state.similarity > similarity {
        (best, similarity) = (slot, state.similarity)
      }
    }
  }
}
