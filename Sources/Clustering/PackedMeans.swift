// `unsafe` is sound here because there are `count` places, `stride` of them are written at a time, and
// vectors are read while the store that they point into is there; there is a total for every bit of a word.
internal import CPanels

/// Means of some clusters in single precision, `stride` of them side by side, as `CPanels` reads them; as they
/// are, or from an origin.
@safe
struct PackedMeans {
  /// How many a kernel takes as columns.
  static var columns: Int { CPANELS_COLUMNS }
  /// How many a kernel takes as rows.
  static var rows: Int { CPANELS_ROWS }

  let means: LaneArray<Float>
  /// Their slots; −1 where there is none.
  let ids: LaneArray<Int32>
  private let squares: LaneArray<Float>
  private let sizes: LaneArray<Float>
  private let vectors: LaneArray<cpanels_vector>
  private let products: LaneArray<Double>
  /// Squared.
  private let lengths: LaneArray<Double>
  private let stride: Int

  /// - Parameter count: the places, a multiple of `stride`.
  init(stride: Int, count: Int, width: Int) {
    self.stride = stride
    means = LaneArray(count: count * (width + 2))
    ids = LaneArray(count: count)
    squares = LaneArray(count: count)
    sizes = LaneArray(count: count)
    unsafe vectors = LaneArray(count: stride)
    products = LaneArray(count: stride)
    lengths = LaneArray(count: stride)
  }

  /// What a kernel is told besides the means.
  func weights(_ criterion: Criterion) -> cpanels_weights {
    unsafe cpanels_weights(squares: criterion.isDistance ? squares.base : nil, sizes: sizes.base)
  }

  /// Writes the means of at most `stride` clusters from a place on, as they are or as they are seen from an
  /// origin, with what that takes off their products; what is missing is nobody's.
  func write(
    _ slots: ArraySlice<Int32>, of store: ClusterStore, at place: Int, from origin: Origin? = nil
  ) {
    note(slots, of: store, at: place)
    guard let origin else {
      unsafe cpanels_pack(
        vectors.base, Int64(slots.count), Int64(store.width), Int64(stride),
        store.criterion.isDistance ? 1 : 0, means.base + place * store.width)
      return
    }
    let (criterion, width, count) = (store.criterion, store.width, slots.count)
    let start = place * Origin.width(width, criterion)
    unsafe cpanels_pack_apart(
      vectors.base, Int64(count), Int64(width), Int64(stride), origin.point.base,
      means.base + start, products.base, lengths.base)
    let (first, second) = (start + width * stride, start + (width + 1) * stride)
    let (ones, rests) = stride == Self.rows ? (first, second) : (second, first)
    for index in 0..<stride {
      if !criterion.isDistance {
        means[ones + index] = index < count ? 1 : 0
        means[rests + index] = index < count ? origin.rest(product: products[index]) : 0
      } else if index < count {
        squares[place + index] = criterion.square(lengths[index], width: width)
      }
    }
  }

  /// Takes note of the clusters whose means are written next.
  @inline(__always)
  private func note(_ slots: ArraySlice<Int32>, of store: ClusterStore, at place: Int) {
    let isDistance = store.criterion.isDistance
    for (index, slot) in slots.enumerated() {
      unsafe vectors[index] = unsafe store.mean(of: Int(slot))
      ids[place + index] = slot
      guard isDistance else { continue }
      squares[place + index] = store.squares[Int(slot)]
      sizes[place + index] = store.sizes[Int(slot)]
    }
    for missing in place + slots.count..<place + stride {
      ids[missing] = -1
      squares[missing] = 0
      sizes[missing] = 1
    }
  }

  /// The similarities in double precision of a cluster to others whose places have bits set, in ascending
  /// order of places, where none is nobody's; the vectors of a panel's last `write` are read.
  @inline(__always)
  func eachSimilarity(
    to slot: Int32, of store: ClusterStore, columns: UInt32, _ body: (Int32, Double) -> Void
  ) {
    precondition(stride == Self.columns && stride <= 32)
    var totals = InlineArray<32, Double>(repeating: 0)
    unsafe withUnsafeMutableBytes(of: &totals) { bytes in
      let values = unsafe bytes.baseAddress?.assumingMemoryBound(to: Double.self)
      let (mean, width) = unsafe (store.mean(of: Int(slot)), Int64(store.width))
      if store.criterion.isDistance {
        unsafe cpanels_distances(mean, vectors.base, columns, width, values)
      } else {
        unsafe cpanels_products(mean, vectors.base, columns, width, values)
      }
    }
    var left = columns
    while left != 0 {
      let place = left.trailingZeroBitCount
      left &= left - 1
      let (size, other) = (store.clusters[Int(slot)].size, store.clusters[Int(ids[place])].size)
      body(ids[place], store.criterion.similarity(totals[place], size, other))
    }
  }
}
