// `unsafe` is sound here because means have D floats and squares one for every slot, bounds one for every
// cluster that is compared, and a lane writes only the clusters of its range.
internal import CPanels
internal import Tensors

/// Means in single precision by slot, D floats each, kept where every new cluster is compared with all
/// others: made anew for each of them, they would take longer than the comparison.
struct SlotMeans {
  private let means: LaneArray<Float>
  /// Bounds on the similarities of the last cluster to those that it was compared with, in their order.
  let bounds: LaneArray<Float>
  /// Room for what is not known, as much as there are bounds.
  let doubts: LaneArray<KnownNeighbors.Doubt>

  /// Rounds the means of some clusters: those that others will be compared with.
  init(of slots: [Int32], in store: ClusterStore) {
    means = LaneArray(count: store.clusters.count * store.width)
    bounds = LaneArray(count: slots.count)
    doubts = LaneArray(count: slots.count)
    let all = self
    store.lanes.eachRange(in: slots.count, by: 1024) { range in
      for slot in slots[range] { all.write(slot, of: store) }
    }
  }

  /// Rounds the mean of a cluster.
  func write(_ slot: Int32, of store: ClusterStore) {
    var mean = unsafe store.mean(of: Int(slot))
    unsafe cpanels_pack(
      &mean, 1, Int64(store.width), 1, 1, means.base + Int(slot) * store.width)
  }

  /// Bounds the similarities of a cluster to a slice of those that it is compared with.
  func compare(_ slot: Int32, with others: ArraySlice<Int32>, in store: ClusterStore) {
    unsafe others.withUnsafeBufferPointer { slots in
      unsafe cpanels_compare_one(
        means.base, Int64(store.width), store.squares.base, slot, slots.baseAddress,
        Int64(slots.count), store.criterion.productSlack(width: store.width),
        bounds.base + others.startIndex)
    }
  }
}
