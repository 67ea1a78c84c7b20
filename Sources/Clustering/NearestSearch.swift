// `unsafe` is sound here because a lane writes its own scratch, as large as the largest block, and
// only the lists of clusters it was given; vectors point into the store, which outlives a search.
internal import CPanels
internal import Tensors

/// Fills shortlists by comparing means in single precision.
///
/// Kernels add what rounding may have taken, so a listed value is never below the similarity, and
/// no cluster outside a list exceeds the list's last value. Lists do not depend on the order in which
/// clusters are compared, so they have the same bits for any number of lanes.
///
/// Means are made from rows and sums for every block of `blockRows` rows anew, a panel of columns at a
/// time: some 4 % of the work of a full block, and no second copy of the input. Rows of a narrow heap make
/// blocks of their own, compared from its `Origin`.
struct NearestSearch {
  /// Rows compared at a time, whole blocks of a kernel's rows.
  static let blockRows = 448

  private let lanes: LanePool
  private let scratch: [Scratch]
  private let instructions: cpanels_instructions

  init(
    width: Int, lanes: LanePool, instructions: cpanels_instructions = cpanels_fastest()
  ) {
    self.instructions = instructions
    self.lanes = lanes
    scratch = (0..<lanes.count).map { _ in Scratch(width: width) }
  }

  /// Searches all clusters for the most similar ones to each of some.
  ///
  /// - Parameter sets: the set that each slot is in, where only clusters of other sets are asked for.
  /// - Complexity: O(slots·clusters·D)
  func search(_ asked: [Int32], in store: ClusterStore, apart sets: LaneArray<Int32>? = nil) {
    let panels = (store.live.count + PackedMeans.columns - 1) / PackedMeans.columns
    let (slots, blocks) = blocks(of: asked, by: Self.blockRows, in: store)
    // Few rows are shared out by columns, so that every lane has work.
    let wanted =
      lanes.count == 1 || blocks.count >= 4 * lanes.count
      ? 1 : 4 * lanes.count / max(blocks.count, 1)
    let segments = max(1, min(wanted, panels / 8))
    let partial = LaneArray<cpanels_list>(count: segments == 1 ? 0 : segments * slots.count)
    lanes.each(blocks.count * segments) { index, lane in
      let (block, segment) = (blocks[index / segments], index % segments)
      let rows = slots[block]
      let start = panels * segment / segments * PackedMeans.columns
      let end = panels * (segment + 1) / segments * PackedMeans.columns
      let scratch = scratch[lane]
      for (index, slot) in rows.enumerated() {
        let list =
          unsafe segments == 1
          ? store.listBase + Int(slot)
          : partial.base + (segment * slots.count + block.lowerBound + index)
        unsafe cpanels_clear(list)
        unsafe scratch.lists[index] = unsafe list
      }
      run(
        rows, against: store.live[start..<min(end, store.live.count)], in: store, scratch, .rows,
        store.origins?.origin(of: rows[block.lowerBound]), apart: sets)
    }
    guard segments > 1 else { return }
    lanes.eachRange(in: slots.count, by: 64) { range in
      for index in range {
        let list = store.list(of: Int(slots[index]))
        list.clear()
        for segment in 0..<segments {
          unsafe list.offer(Shortlist(partial.base + (segment * slots.count + index)))
        }
      }
    }
  }

  /// Fills lists by similarities in double precision and determines the nearest, where single precision
  /// cannot tell more than a list's worth of clusters apart; of equals it is the lowest slot.
  ///
  /// Single precision still sifts: what it bounds below a list's last value is compared no further.
  ///
  /// - Parameter sets: as above.
  /// - Complexity: O(slots·clusters·D)
  func searchExactly(
    _ asked: [Int32], in store: ClusterStore, apart sets: LaneArray<Int32>? = nil
  ) {
    let least = (asked.count + PackedMeans.rows - 1) / PackedMeans.rows
    let size = min(Self.blockRows, (least / (4 * lanes.count) + 1) * PackedMeans.rows)
    let (slots, blocks) = blocks(of: asked, by: size, in: store)
    lanes.each(blocks.count) { index, lane in
      let rows = slots[blocks[index]]
      for slot in rows { store.clearNearest(of: slot) }
      listRows(rows, of: store, scratch[lane])
      run(
        rows, against: store.live[...], in: store, scratch[lane], .exactly,
        store.origins?.origin(of: rows[rows.startIndex]), apart: sets)
      for slot in rows { store.noteSearch(of: slot) }
    }
  }

  /// Compares two blocks of the first clusters, each pair once; lists of both must be clear or fuller.
  func compare(
    _ one: Range<Int>, _ other: Range<Int>, in store: ClusterStore,
    apart sets: LaneArray<Int32>? = nil, lane: Int
  ) {
    let scratch = scratch[lane]
    let rows = store.live[one]
    listRows(rows, of: store, scratch)
    run(
      rows, against: store.live[other], in: store, scratch, one == other ? .rows : .both,
      apart: sets)
  }

  /// The same slots and ranges of at most `size` of them, each of one origin.
  private func blocks(
    of slots: [Int32], by size: Int, in store: ClusterStore
  ) -> (slots: [Int32], ranges: [Range<Int>]) {
    var (slots, ends) = (slots, [slots.count])
    if let origins = store.origins {
      slots.sort { (origins.place(of: $0), $0) < (origins.place(of: $1), $1) }
      let places = slots.map(origins.place)
      ends = places.indices.filter { $0 + 1 == places.count || places[$0] != places[$0 + 1] }
        .map { $0 + 1 }
    }
    var ranges: [Range<Int>] = []
    var first = 0
    for end in ends {
      for start in stride(from: first, to: end, by: size) {
        ranges.append(start..<min(start + size, end))
      }
      first = end
    }
    return (slots, ranges)
  }

  private func listRows(_ slots: ArraySlice<Int32>, of store: ClusterStore, _ scratch: Scratch) {
    for (index, slot) in slots.enumerated() {
      unsafe scratch.lists[index] = unsafe store.listBase + Int(slot)
    }
  }

  /// Whose lists are filled with bounds, or that those of rows are filled with similarities.
  private enum Filling { case rows, both, exactly }

  private func run(
    _ slots: ArraySlice<Int32>, against others: ArraySlice<Int32>, in store: ClusterStore,
    _ scratch: Scratch, _ filling: Filling, _ origin: Origin? = nil,
    apart sets: LaneArray<Int32>? = nil
  ) {
    let (rows, panel) = (scratch.rows, scratch.panel)
    for start in stride(from: 0, to: slots.count, by: PackedMeans.rows) {
      let first = slots.startIndex + start
      let block = slots[first..<min(first + PackedMeans.rows, slots.endIndex)]
      rows.write(block, of: store, at: start, from: origin)
    }
    var search = unsafe cpanels_search(
      width: Int64(origin == nil ? store.width : Origin.width(store.width, store.criterion)),
      slack: origin == nil
        ? store.criterion.productSlack(width: store.width) : Origin.productSlack(store.criterion),
      rows: rows.means.base, row_count: Int64(slots.count), row_ids: rows.ids.base,
      row_weights: rows.weights(store.criterion), row_lists: scratch.lists,
      panel: panel.means.base, column_ids: panel.ids.base,
      column_weights: panel.weights(store.criterion),
      column_lists: filling == .both ? store.listBase : nil, sets: sets?.base,
      row_hits: filling == .exactly ? scratch.hits.base : nil)
    for first in stride(from: others.startIndex, to: others.endIndex, by: PackedMeans.columns) {
      let block = others[first..<min(first + PackedMeans.columns, others.endIndex)]
      panel.write(block, of: store, at: 0, from: origin)
      unsafe cpanels_run(&search, instructions)
      guard filling == .exactly else { continue }
      for (index, slot) in slots.enumerated() where scratch.hits[index] != 0 {
        store.compareExactly(slot, with: panel, columns: scratch.hits[index])
      }
    }
  }

  /// What one lane needs.
  ///
  /// `@unchecked Sendable`: only the lane with its index touches it.
  @safe
  private final class Scratch: @unchecked Sendable {
    let rows: PackedMeans
    let panel: PackedMeans
    let lists: UnsafeMutablePointer<UnsafeMutablePointer<cpanels_list>?>
    /// The columns of a panel that may enter a row's list, by the row's place.
    let hits = LaneArray<UInt32>(count: blockRows)

    init(width: Int) {
      rows = PackedMeans(stride: PackedMeans.rows, count: blockRows, width: width)
      panel = PackedMeans(stride: PackedMeans.columns, count: PackedMeans.columns, width: width)
      unsafe lists = .allocate(capacity: blockRows)
    }

    deinit { unsafe lists.deallocate() }
  }
}
