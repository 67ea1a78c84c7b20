// `unsafe` is sound here because vectors point into this store, and distances read D elements of each.
internal import CPanels
internal import Tensors

extension ClusterStore {
  /// The most clusters that are tried as origins.
  private static let mostTried = 64
  /// The square of a heap's radius beside that of its distance from zero: so much single precision gains.
  private static let radius = 0x1p-10

  /// Finds origins for the clusters in narrow heaps, from the lists of all as they are at the start.
  ///
  /// Tried is the first crowded cluster that lies in no heap yet; if a heap lies around it, all of that get
  /// it for their origin. Every rank does this alike. Which origin a cluster has decides how tight its bounds
  /// are, and no merge.
  ///
  /// - Parameter fewest: the clusters of a heap. Rows with one origin make a block, for which all columns are
  ///   packed anew, so fewer than fill half of it are better compared in double precision (5,000 rows: of
  ///   heaps of 250, 167 and 125 with a spread of 10⁻⁴ origins take 0.7, 0.9 and 1.0 of the time on one lane).
  /// - Complexity: O(N), and N·D for each of at most 64 that are tried.
  mutating func findOrigins(fewest: Int = NearestSearch.blockRows / 2) {
    // Two elements more would make three of one.
    guard width > 1 else { return }
    let places = LaneArray<Int32>(count: clusters.count)
    for slot in 0..<places.count { places[slot] = -1 }
    var isTried = [Bool](repeating: false, count: clusters.count)
    var (left, found, tries) = (live, [Origin](), 0)
    for first in live where !isTried[Int(first)] && isCrowded(first) {
      let near = areNear(left, to: first)
      let heap = left.indices.filter { near[$0] }.map { left[$0] }
      for slot in heap { isTried[Int(slot)] = true }
      if heap.count >= fewest {
        for slot in heap { places[Int(slot)] = Int32(found.count) }
        found.append(Origin(at: first, of: self))
        left.removeAll { places[Int($0)] >= 0 }
      }
      tries += 1
      if tries == Self.mostTried { break }
    }
    if !found.isEmpty { origins = Origins(all: found, places: places) }
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

  private func areNear(_ slots: [Int32], to one: Int32) -> LaneArray<Bool> {
    let near = LaneArray<Bool>(count: slots.count)
    lanes.eachRange(in: slots.count, by: 64) { range in
      let (width, middle) = unsafe (Int64(width), mean(of: Int(one)))
      for index in range {
        let mean = unsafe mean(of: Int(slots[index]))
        let distance = unsafe cpanels_distance(mean, middle, width)
        near[index] = distance <= Self.radius * (unsafe cpanels_product(mean, mean, width))
      }
    }
    return near
  }
}

/// The origins of the clusters that have one.
struct Origins {
  fileprivate let all: [Origin]
  /// The origin of every slot, −1 if there is none.
  fileprivate let places: LaneArray<Int32>

  /// The number of a slot's origin, −1 if it has none.
  func place(of slot: Int32) -> Int32 { places[Int(slot)] }

  /// A slot's origin, if it has one.
  func origin(of slot: Int32) -> Origin? {
    let place = Int(places[Int(slot)])
    return place < 0 ? nil : all[place]
  }
}
