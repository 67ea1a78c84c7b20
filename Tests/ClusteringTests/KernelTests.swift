import CPanels
import Tensors
import Testing

@testable import Clustering

@Suite("The search kernels")
struct KernelTests {
  /// Those that this CPU has.
  private static let instructionSets = [CPANELS_PORTABLE, CPANELS_AVX2, CPANELS_AVX512]
    .filter { cpanels_has($0) != 0 }

  @Test("A list keeps the highest values, of equals the lower ids, in any order of offers")
  func list() {
    var random = RandomStream(seed: 1, purpose: .test)
    let offers = (0..<60).map { (value: Float($0 / 3), id: Int32($0)) }
    let expected = offers.sorted { ($1.value, $0.id) < ($0.value, $1.id) }.prefix(16).map(\.id)
    for _ in 0..<20 {
      let list = LaneArray<cpanels_list>(count: 1)
      let shortlist = unsafe Shortlist(list.base)
      shortlist.clear()
      for index in random.permutation(of: offers.count) {
        shortlist.offer(offers[index].value, offers[index].id)
      }
      #expect((0..<16).map { shortlist.slot($0) } == expected)
      #expect(shortlist.bound == 14)
    }
  }

  @Test("Every two meet once, nobody twice in a turn", arguments: 0...9)
  func tournament(_ players: Int) {
    var met: Set<[Int]> = []
    for games in Tournament(players) {
      var seen: Set<Int> = []
      for game in games {
        #expect(met.insert([game.0, game.1]).inserted)
        #expect(seen.insert(game.0).inserted)
        #expect(game.0 == game.1 || seen.insert(game.1).inserted)
      }
    }
    #expect(met.count == players * (players + 1) / 2)
  }

  @Test("Lists bound every similarity, whatever the width", arguments: [1, 7, 33, 300])
  func bounds(_ width: Int) throws {
    let rows = RandomRows.clustered(500, width, centres: 20, spread: 0.2, seed: UInt64(width))
    for (criterion, metric) in [(Criterion.cosine, Metric.cosine), (.ward, .euclidean)] {
      var joining = SumLinkage(
        try RowSpace(rows, metric: metric), criterion: criterion, lanes: LanePool(count: 2))
      try joining.compareAll()
      expectBounds(joining.store)
      let searched = joining.store.live
      let before = searched.map { joining.store.list(of: Int($0)).slot(0) }
      joining.search.search(searched, in: joining.store)
      #expect(before == searched.map { joining.store.list(of: Int($0)).slot(0) })
    }
  }

  @Test("Lists do not depend on the size of blocks", arguments: [1, 20])
  func blocks(_ width: Int) throws {
    let rows = RandomRows.clustered(1000, width, centres: 30, spread: 0.3, seed: 2)
    let lists = try [14, 100, 224, 448].map { size -> [UInt32] in
      var joining = SumLinkage(
        try RowSpace(rows, metric: .euclidean), criterion: .ward, lanes: LanePool(count: 2))
      try joining.compareAll(inBlocksOf: size)
      return bitsOfLists(joining.store)
    }
    #expect(lists.allSatisfy { $0 == lists[0] })
  }

  /// Rows after the first comparison of all, by one instruction set.
  private static func compared(
    _ rows: Matrix, _ criterion: Criterion, _ metric: Metric, _ instructions: cpanels_instructions,
    lanes: Int
  ) throws -> SumLinkage {
    let pool = LanePool(count: lanes)
    var joining = SumLinkage(
      try RowSpace(rows, metric: metric), criterion: criterion, lanes: pool)
    joining.search = NearestSearch(
      width: rows.columns, lanes: pool, instructions: instructions)
    try joining.compareAll()
    return joining
  }

  @Test("Every instruction set gives the same bits", arguments: [1, 8, 37])
  func instructions(_ width: Int) throws {
    let rows = RandomRows.clustered(300, width, centres: 9, spread: 0.5, seed: UInt64(width))
    for (criterion, metric) in [(Criterion.cosine, Metric.cosine), (.ward, .euclidean)] {
      let lists = try Self.instructionSets.map { instructions -> [UInt32] in
        let joining = try Self.compared(rows, criterion, metric, instructions, lanes: 1)
        return bitsOfLists(joining.store)
      }
      #expect(lists.allSatisfy { $0 == lists[0] })
    }
  }

  @Test("Unions inherit lists that bound every similarity", arguments: 0..<6)
  func inheritance(_ seed: UInt64) throws {
    let rows = RandomRows.clustered(300, 9, centres: 12, spread: 0.4, seed: seed)
    for (criterion, metric) in [(Criterion.cosine, Metric.cosine), (.ward, .euclidean)] {
      var joining = SumLinkage(
        try RowSpace(rows, metric: metric), criterion: criterion, lanes: LanePool(count: 1))
      try joining.compareAll()
      for _ in 0..<4 {
        try joining.followChain(until: joining.store.live.count * 2 / 3)
        expectBounds(joining.store)
      }
    }
  }

  @Test(
    "From an origin bounds hold, and are tight where rows are near it", arguments: [8, 37, 300])
  func origins(_ width: Int) throws {
    var rows = RandomRows.clustered(260, width, centres: 2, spread: 1e-4, seed: UInt64(width))
    // Some lie further from their heap's middle.
    for row in stride(from: 0, to: 260, by: 20) { rows[row, 3] *= 1.01 }
    for (criterion, metric) in [
      (Criterion.cosine, Metric.cosine), (.ward, .euclidean), (.centroid, .euclidean),
    ] {
      let lists = try Self.instructionSets.map { instructions -> [UInt32] in
        var joining = try Self.compared(rows, criterion, metric, instructions, lanes: 2)
        joining.store.findOrigins(fewest: 64)
        let place = try #require(joining.store.origins).place(of: 1)
        let far = try #require(
          joining.store.live.first { joining.store.origins?.place(of: $0) != place })
        // A union that lies between the heaps, then sums.
        joining.unite([Pair(kept: min(1, Int(far)), dropped: max(1, Int(far)), similarity: -1)])
        for halving in 0..<2 {
          if halving > 0 { joining.unite(Self.pairs(of: joining.store)) }
          let store = joining.store
          joining.search.search(store.live, in: store)
          for slot in store.live { store.noteSearch(of: slot) }
          expectBounds(store)
          let excesses = store.live.map { slot in
            let list = store.list(of: Int(slot))
            let similarity = store.similarity(Int(slot), Int(list.slot(0)))
            return (Double(list.value(0)) - similarity) / abs(similarity)
          }
          #expect(excesses.count { $0 > 1e-2 } <= store.live.count / 10, "\(criterion)")
        }
        return bitsOfLists(joining.store)
      }
      #expect(lists.allSatisfy { $0 == lists[0] }, "\(criterion)")
    }
  }

  @Test("What single precision resolves, and heaps that do not fill half a block, have no origin")
  func withoutOrigins() throws {
    for (rows, spread) in [(260, 0.1), (200, 1e-4)] {
      let given = RandomRows.clustered(rows, 16, centres: 1, spread: spread, seed: 4)
      var joining = SumLinkage(
        try RowSpace(given, metric: .cosine), criterion: .cosine, lanes: LanePool(count: 1))
      try joining.compareAll()
      #expect(joining.store.origins == nil, "\(rows), \(spread)")
    }
  }

  @Test("An exact search lists what comparing all others lists", arguments: [1, 8, 37])
  func exactly(_ width: Int) throws {
    // Heaps narrower than single precision resolves, and copies of distances.
    let rows = RandomRows.clustered(300, width, centres: 3, spread: 1e-5, seed: UInt64(width))
    for (criterion, metric) in [
      (Criterion.cosine, Metric.cosine), (.ward, .euclidean), (.centroid, .euclidean),
    ] {
      for instructions in Self.instructionSets {
        let pool = LanePool(count: 2)
        var joining = SumLinkage(
          try RowSpace(rows, metric: metric), criterion: criterion, lanes: pool)
        joining.unite([
          Pair(kept: 0, dropped: 5, similarity: 0), Pair(kept: 3, dropped: 80, similarity: 0),
        ])
        let store = joining.store
        NearestSearch(width: width, lanes: pool, instructions: instructions)
          .searchExactly(store.live, in: store)
        let found = bitsOfLists(store)
        for slot in store.live {
          let list = store.list(of: Int(slot))
          list.clear()
          var nearest = (slot: Int32(-1), similarity: -Double.infinity)
          for other in store.live where other != slot {
            let similarity = store.similarity(Int(slot), Int(other))
            list.offer(Float(above: similarity), other)
            if similarity > nearest.similarity { nearest = (other, similarity) }
          }
          let state = store.states[Int(slot)]
          #expect(state.nearest == nearest.slot, "\(criterion)")
          #expect(state.similarity == nearest.similarity, "\(criterion)")
          #expect(state.bound == list.bound, "\(criterion)")
        }
        #expect(found == bitsOfLists(store), "\(criterion)")
      }
    }
  }

  @Test("Searches among other sets list the same, whoever meets whom", arguments: [1, 20])
  func sets(_ width: Int) throws {
    let rows = RandomRows.clustered(700, width, centres: 12, spread: 0.3, seed: 5)
    let sets = LaneArray((0..<700).map { Int32($0 * $0 % 40) })
    for (criterion, metric) in [(Criterion.cosine, Metric.cosine), (.centroid, .euclidean)] {
      for instructions in Self.instructionSets {
        var joining = try Self.compared(rows, criterion, metric, instructions, lanes: 2)
        let store = joining.store
        joining.search.search(store.live, in: store, apart: sets)
        let found = bitsOfLists(store)
        for size in [14, 224, 448] {
          try joining.compareAll(apart: sets, inBlocksOf: size)
          #expect(bitsOfLists(store) == found)
        }
        // Few rows, whose columns are shared out.
        joining.search.search([3, 699], in: store, apart: sets)
        #expect(bitsOfLists(store) == found)
        joining.search.searchExactly(store.live, in: store, apart: sets)
        let exact = bitsOfLists(store)
        for slot in store.live {
          let list = store.list(of: Int(slot))
          list.clear()
          for other in store.live where sets[Int(other)] != sets[Int(slot)] {
            list.offer(Float(above: store.similarity(Int(slot), Int(other))), other)
          }
        }
        #expect(bitsOfLists(store) == exact)
      }
    }
  }

  /// Every other cluster of an origin with the next one.
  private static func pairs(of store: ClusterStore) -> [Pair] {
    Dictionary(grouping: store.live) { store.origins?.place(of: $0) }.values.flatMap { slots in
      stride(from: 0, to: slots.count - 1, by: 2).map {
        Pair(kept: Int(slots[$0]), dropped: Int(slots[$0 + 1]), similarity: -1)
      }
    }
    .sorted { $0.kept < $1.kept }
  }

  private func bitsOfLists(_ store: ClusterStore) -> [UInt32] {
    store.live.flatMap { slot -> [UInt32] in
      let list = store.list(of: Int(slot))
      return (0..<Shortlist.capacity).flatMap {
        [list.value($0).bitPattern, UInt32(bitPattern: list.slot($0))]
      }
    }
  }

  private func expectBounds(_ store: ClusterStore) {
    for slot in store.live {
      let state = store.states[Int(slot)]
      let slack = store.slack(since: state.listedAt)
      var listed: [Int32: Double] = [:]
      let list = store.list(of: Int(slot))
      for place in 0..<Shortlist.capacity where list.slot(place) >= 0 {
        let union = store.union(of: list.slot(place))
        listed[union] = max(
          listed[union] ?? -.infinity, Double(list.value(place)), Double(state.bound))
      }
      for other in store.live where other != slot {
        let bound = (listed[other] ?? Double(state.bound)) + slack
        let similarity = store.similarity(Int(slot), Int(other))
        #expect(similarity <= bound, "\(slot) and \(other)")
      }
    }
  }
}
