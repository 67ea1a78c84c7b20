internal import CPanels
internal import Foundation
internal import Tensors

extension SumLinkage {
  /// Fills all lists by comparing every pair of clusters once, shared by ranks and lanes.
  ///
  /// Blocks of clusters meet as players of a tournament do (the circle method): no block is in two
  /// of a turn's games, so no list is written by two lanes at once.
  ///
  /// - Parameters:
  ///   - sets: the set that each slot is in, where lists are filled anew with clusters of other sets.
  ///   - size: the clusters of a block, on all ranks alike; chosen by their number and lanes, if nil.
  ///   - interval: the seconds between two reports.
  ///   - progress: told the share of the games that are over.
  mutating func compareAll(
    apart sets: LaneArray<Int32>? = nil, inBlocksOf size: Int? = nil, every interval: Double = 1,
    progress: ClusteringProgress.Report? = nil
  ) throws {
    let count = store.clusters.count
    let team = team
    let size = try size ?? blockSize(count)
    let blocks = (0..<(count + size - 1) / size).map { $0 * size..<min(($0 + 1) * size, count) }
    let (store, search) = (store, search)
    var last = Date.now
    var dealt = 0
    if sets != nil { for slot in 0..<count { store.list(of: slot).clear() } }
    let tournament = Tournament(blocks.count)
    for (turn, games) in tournament.enumerated() {
      // So that nobody waits at the end for all that others are slower.
      if team.size > 1, turn % 64 == 63 { _ = try team.gather([Int32]()) }
      let mine = games.indices.filter { (dealt + $0) % team.size == team.rank }
      dealt += games.count
      lanes.each(mine.count) { index, lane in
        let (one, other) = games[mine[index]]
        search.compare(blocks[one], blocks[other], in: store, apart: sets, lane: lane)
      }
      if last.timeIntervalSinceNow <= -interval {
        last = .now
        let share = Double(turn + 1) / Double(tournament.turns)
        progress?(.comparing(rows: count, share: share))
      }
    }
    if team.size > 1 { try joinLists() }
    for slot in 0..<Int32(count) { store.noteSearch(of: slot) }
    statistics.searches += count
    if sets == nil { self.store.findOrigins() }
  }

  /// Smaller blocks where there would be too few for all lanes of all ranks to have work.
  private func blockSize(_ count: Int) throws -> Int {
    let lanesOfAll = try team.gather([Int32(lanes.count)]).reduce(0, +)
    let largest = NearestSearch.blockRows
    return count / largest >= 16 * Int(lanesOfAll) ? largest : largest / 2
  }

  /// Makes one list of those that the ranks have for a cluster, some thousand clusters at a time.
  private func joinLists() throws {
    let count = store.clusters.count
    for first in stride(from: 0, to: count, by: 16384) {
      let slots = first..<min(first + 16384, count)
      let lists = try team.gather(slots.map { store.listValue(of: $0) })
      for (index, list) in lists.enumerated() {
        let slot = first + index % slots.count
        if index / slots.count == 0 { store.list(of: slot).clear() }
        store.offer(list, to: slot)
      }
    }
  }
}

/// Turns in which every two of some players meet once, and everyone meets himself in the last.
struct Tournament: Sequence, IteratorProtocol {
  private let players: Int
  private var turn = 0

  init(_ players: Int) { self.players = players }

  /// The number of turns: with an odd number of players, whoever would meet the missing one rests.
  var turns: Int { players + players % 2 }

  /// The games of the next turn, the lower player first.
  mutating func next() -> [(Int, Int)]? {
    let seats = turns
    defer { turn += 1 }
    guard players > 0, turn < seats else { return nil }
    if turn == seats - 1 { return (0..<players).map { ($0, $0) } }
    let circle = seats - 1
    return (0..<seats / 2).compactMap { pair in
      let one = pair == 0 ? circle : (turn + pair) % circle
      let other = (turn + circle - pair) % circle
      guard one < players, other < players else { return nil }
      return one < other ? (one, other) : (other, one)
    }
  }
}
