/// Which clusters know their nearest, and the most similar two of these.
struct KnownNeighbors {
  private(set) var best = Best()
  /// Those that do not know their nearest.
  private var doubts: [Doubt] = []

  /// What some clusters know.
  init(of slots: [Int32], in store: ClusterStore) {
    for slot in slots {
      let state = store.states[Int(slot)]
      if state.nearest < 0 { doubt(slot, store.highest(of: slot)) } else { best.note(slot, state) }
    }
  }

  /// What the lanes found.
  init(_ parts: [Part], _ doubts: LaneArray<Doubt>) {
    for part in parts {
      for place in part.start..<part.end { self.doubts.append(doubts[place]) }
      best.note(part.best)
    }
  }

  /// The highest of the bounds on those that do not know their nearest; −infinity if all do.
  var ceiling: Float { doubts.reduce(-.infinity) { max($0, $1.highest) } }

  /// Returns those that may be as similar to another as the two of a pair, and takes them for known.
  mutating func takeDoubtful(beside best: Best, atMost limit: Int) -> [Int32] {
    var doubtful: [Int32] = []
    doubts.removeAll { doubt in
      guard doubtful.count < limit, Double(doubt.highest) >= best.similarity else { return false }
      doubtful.append(doubt.slot)
      return true
    }
    return doubtful
  }

  mutating func note(_ slot: Int32, _ state: SearchState) { best.note(slot, state) }

  /// Takes note of a cluster that does not know its nearest, and of a bound on its highest similarity.
  mutating func doubt(_ slot: Int32, _ highest: Float) {
    doubts.append(Doubt(slot: slot, highest: highest))
  }

  /// A cluster that does not know its nearest, and a bound from above on its highest similarity.
  struct Doubt: BitwiseCopyable {
    let slot: Int32
    let highest: Float
  }

  /// The cluster most similar to its nearest, of equals the lowest.
  struct Best: BitwiseCopyable, Sendable {
    /// −1 if none knows its nearest.
    private(set) var slot: Int32 = -1
    private(set) var nearest: Int32 = -1
    private(set) var similarity = -Double.infinity

    @inline(__always)
    mutating func note(_ slot: Int32, _ state: SearchState) {
      guard (-state.similarity, slot) < (-similarity, self.slot) else { return }
      (self.slot, nearest, similarity) = (slot, state.nearest, state.similarity)
    }

    mutating func note(_ other: Best) {
      if (-other.similarity, other.slot) < (-similarity, slot) { self = other }
    }
  }

  /// What one lane found of some clusters.
  struct Part: BitwiseCopyable {
    private(set) var best = Best()
    /// The places of those that know no nearest.
    let start: Int
    private(set) var end: Int

    init(start: Int) { (self.start, end) = (start, start) }

    mutating func note(_ slot: Int32, in store: ClusterStore, doubts: LaneArray<Doubt>) {
      let state = store.states[Int(slot)]
      if state.nearest < 0 {
        doubts[end] = Doubt(slot: slot, highest: store.highest(of: slot))
        end += 1
      } else {
        best.note(slot, state)
      }
    }
  }
}
