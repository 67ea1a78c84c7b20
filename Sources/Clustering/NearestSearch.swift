// `unsafe` is sound here because a lane writes its own scratch, as large as the largest block, and
// only the lists of clusters it was given; panels, positions and slots come from the store.
internal import CPanels
internal import Tensors

/// Fills shortlists by comparing means in single precision.
///
/// Kernels add what rounding may have taken, so a listed value is never below the similarity, and
/// no cluster outside a list exceeds the list's last value. Lists do not depend on the order in which
/// clusters are compared, so they have the same bits for any number of lanes.
struct NearestSearch {
  /// Rows compared at a time, blocks of a kernel's rows and whole panels alike.
  static let blockRows = 224

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
  /// - Complexity: O(slots·clusters·D)
  func search(_ slots: [Int32], in store: ClusterStore) {
    let panels = (store.live.count + Self.panel - 1) / Self.panel
    let blocks = (slots.count + Self.blockRows - 1) / Self.blockRows
    // Few rows are shared out by columns, so that every lane has work.
    let wanted =
      lanes.count == 1 || blocks >= 4 * lanes.count ? 1 : 4 * lanes.count / max(blocks, 1)
    let segments = max(1, min(wanted, panels / 8))
    let partial = LaneArray<cpanels_list>(count: segments == 1 ? 0 : segments * slots.count)
    lanes.each(blocks * segments) { index, lane in
      let (block, segment) = (index / segments, index % segments)
      let first = block * Self.blockRows
      let rows = slots[first..<min(first + Self.blockRows, slots.count)]
      let part = panels * segment / segments..<panels * (segment + 1) / segments
      let scratch = scratch[lane]
      for (index, slot) in rows.enumerated() {
        let list =
          unsafe segments == 1
          ? store.listBase + Int(slot) : partial.base + (segment * slots.count + first + index)
        unsafe cpanels_clear(list)
        unsafe scratch.lists[index] = unsafe list
      }
      run(rows, against: part, in: store, scratch, both: false)
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

  /// Compares two blocks of the first clusters, each pair once; lists of both must be clear or fuller.
  func compare(_ one: Range<Int32>, _ other: Range<Int32>, in store: ClusterStore, lane: Int) {
    let scratch = scratch[lane]
    let rows = Array(one)[...]
    for (index, slot) in rows.enumerated() {
      unsafe scratch.lists[index] = unsafe store.listBase + Int(slot)
    }
    let end = (Int(other.upperBound) + Self.panel - 1) / Self.panel
    run(
      rows, against: Int(other.lowerBound) / Self.panel..<end, in: store, scratch,
      both: one != other)
  }

  private static var panel: Int { CPANELS_COLUMNS }

  private func run(
    _ slots: ArraySlice<Int32>, against panels: Range<Int>, in store: ClusterStore,
    _ scratch: Scratch, both: Bool
  ) {
    let width = Int64(store.width)
    let isDistance = store.criterion.isDistance
    for (index, slot) in slots.enumerated() {
      scratch.ids[index] = slot
      let position = store.clusters[Int(slot)].position
      scratch.positions[index] = position
      guard isDistance else { continue }
      scratch.squares[index] = store.squares[Int(position)]
      scratch.sizes[index] = store.sizes[Int(position)]
    }
    unsafe cpanels_gather(
      store.panels.base, width, scratch.positions.base, Int64(slots.count), scratch.rows.base)
    let rowWeights = unsafe cpanels_weights(
      squares: isDistance ? scratch.squares.base : nil, sizes: scratch.sizes.base)
    let columnWeights = unsafe cpanels_weights(
      squares: isDistance ? store.squares.base : nil, sizes: store.sizes.base)
    var search = unsafe cpanels_search(
      width: width, slack: store.criterion.productSlack(width: store.width),
      rows: scratch.rows.base, row_count: Int64(slots.count), row_ids: scratch.ids.base,
      row_weights: rowWeights, row_lists: scratch.lists, panels: store.panels.base,
      first_panel: Int64(panels.lowerBound), end_panel: Int64(panels.upperBound),
      column_ids: store.slots.base, column_weights: columnWeights,
      column_lists: both ? store.listBase : nil)
    unsafe cpanels_run(&search, instructions)
  }

  /// What one lane needs for a block of rows.
  ///
  /// `@unchecked Sendable`: only the lane with its index touches it.
  @safe
  private final class Scratch: @unchecked Sendable {
    let rows: LaneArray<Float>
    let ids = LaneArray<Int32>(count: blockRows)
    let positions = LaneArray<Int32>(count: blockRows)
    let squares = LaneArray<Float>(count: blockRows)
    let sizes = LaneArray<Float>(count: blockRows)
    let lists: UnsafeMutablePointer<UnsafeMutablePointer<cpanels_list>?>

    init(width: Int) {
      rows = LaneArray(count: blockRows * width)
      unsafe lists = .allocate(capacity: blockRows)
      for index in 0..<blockRows {
        squares[index] = 0
        sizes[index] = 1
      }
    }

    deinit { unsafe lists.deallocate() }
  }
}
