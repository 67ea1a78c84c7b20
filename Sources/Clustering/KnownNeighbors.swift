/// Which clusters know their nearest, and the most similar two of these.
struct KnownNeighbors {
  private(set) var best = Best()
  /// Those that do not know their nearest.
  private(set) var unknown: [Int32]

  /// Before anybody knows anything.
  init(unknown: [Int32]) { self.unknown = unknown }

  /// What the lanes found, and one cluster that knows nothing.
  init(_ parts: [Part], _ unknown: LaneArray<Int32>, and slot: Int32) {
    self.unknown = [slot]
    for part in parts {
      for place in part.start..<part.end { self.unknown.append(unknown[place]) }
      note(part.best.slot, part.best.similarity)
    }
  }

  /// Takes those that may be in a better pair than the best for known.
  mutating func takeDoubtful(_ isDoubtful: (Int32, Double) -> Bool) -> [Int32] {
    var doubtful: [Int32] = []
    unknown.removeAll { [best] slot in
      guard isDoubtful(slot, best.similarity) else { return false }
      doubtful.append(slot)
      return true
    }
    return doubtful
  }

  mutating func note(_ slot: Int32, _ similarity: Double) { best.note(slot, similarity) }

  /// The cluster most similar to its nearest, of equals the lowest.
  struct Best: BitwiseCopyable {
    /// −1 if none knows its nearest.
    private(set) var slot: Int32 = -1
    private(set) var similarity = -Double.infinity

    mutating func note(_ slot: Int32, _ similarity: Double) {
      guard (-similarity, slot) < (-self.similarity, self.slot) else { return }
      (self.slot, self.similarity) = (slot, similarity)
    }
  }

  /// What one lane found of some clusters.
  struct Part: BitwiseCopyable {
    private(set) var best = Best()
    /// The places of those that know no nearest.
    let start: Int
    private(set) var end: Int

    init(start: Int) { (self.start, end) = (start, start) }

    mutating func note(_ slot: Int32, _ state: SearchState, unknown: LaneArray<Int32>) {
      if state.nearest < 0 {
        unknown[end] = slot
        end += 1
      } else {
        best.note(slot, state.similarity)
      }
    }
  }
}
