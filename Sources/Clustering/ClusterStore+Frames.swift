// `unsafe` is sound here because vectors point into this store, and distances read D elements of each.
internal import CPanels
internal import Tensors

extension ClusterStore {
  /// The most centres that are tried.
  private static let mostCentres = 256
  /// The square of a heap's radius beside that of its distance from the origin: so much single precision
  /// gains.
  private static let radius = 0x1p-10
  /// The clusters of a heap, and the elements of a mean, from which on a frame is worth its price.
  private static let fewest = (clusters: 64, elements: 8)

  /// Finds frames for the clusters in narrow heaps, from the lists of all as they are at the start.
  ///
  /// A centre is the first cluster in a heap that no frame has yet, and all around it get its frame.
  /// Every rank does this alike. Which frame a cluster has decides how tight the bounds are, and nothing
  /// else.
  ///
  /// - Complexity: O(N), and N·D for each of at most 256 heaps.
  mutating func findFrames() {
    guard width >= Self.fewest.elements else { return }
    var crowded = live.filter { isCrowded($0) }
    guard !crowded.isEmpty else { return }
    let places = LaneArray<Int32>(count: clusters.count)
    for slot in 0..<places.count { places[slot] = -1 }
    var (left, found) = (live, [Frame]())
    for _ in 0..<Self.mostCentres {
      guard let first = crowded.first else { break }
      let near = areNear(left, to: first)
      let heap = Set(left.indices.filter { near[$0] }.map { left[$0] })
      if heap.count >= Self.fewest.clusters {
        for slot in heap { places[Int(slot)] = Int32(found.count) }
        found.append(Frame(about: first, of: self))
      }
      left.removeAll { heap.contains($0) }
      crowded.removeAll { heap.contains($0) || $0 == first }
    }
    if !found.isEmpty { frames = Frames(all: found, places: places) }
  }

  /// Whether single precision cannot tell the nearest of a cluster, alone or of copies, from the last of
  /// its list.
  private func isCrowded(_ slot: Int32) -> Bool {
    let list = list(of: Int(slot))
    let resolution =
      criterion.isDistance
      ? 8 * Double(width + 32) * 0x1p-24 * Double(squares[Int(slot)])
      : 2 * Double(width + 12) * 0x1p-24
    return list.bound > -.infinity && Double(list.value(0) - list.bound) <= resolution
  }

  private func areNear(_ slots: [Int32], to centre: Int32) -> LaneArray<Bool> {
    let near = LaneArray<Bool>(count: slots.count)
    lanes.eachRange(in: slots.count, by: 64) { range in
      let (width, middle) = unsafe (Int64(width), mean(of: Int(centre)))
      for index in range {
        let mean = unsafe mean(of: Int(slots[index]))
        let distance = unsafe cpanels_distance(mean, middle, width)
        near[index] = distance <= Self.radius * (unsafe cpanels_product(mean, mean, width))
      }
    }
    return near
  }
}

/// The frames of the clusters that have one.
struct Frames {
  fileprivate let all: [Frame]
  /// The frame of every slot, −1 if there is none.
  fileprivate let places: LaneArray<Int32>

  /// The number of a slot's frame, −1 if it has none.
  func place(of slot: Int32) -> Int32 { places[Int(slot)] }

  /// A slot's frame, if it has one.
  func frame(of slot: Int32) -> Frame? {
    let place = Int(places[Int(slot)])
    return place < 0 ? nil : all[place]
  }
}
