/// Where tensors lie that share memory, by lifetime: two tensors overlap only where no instruction
/// needs both.
///
/// Memory comes in two parts. Every *slot* has one for the tensors that one microbatch keeps from its
/// forward to its backward pass, and for what fits between them while some are dead. The lane has one
/// for all the rest, shared by its slots, since a lane computes one pass at a time. Larger tensors
/// choose first, each takes the lowest place that is free (greedy by size: Pisarchyk and Lee,
/// "Efficient memory management for deep neural net inference", 2020, section 5.2).
struct MemoryPlan: Sendable, Equatable {
  /// How much memory is needed from the first instruction to the last.
  struct Demand: Sendable, Equatable {
    let bytes: Int
    let life: ClosedRange<Int>
  }

  /// A byte offset into one of the two parts.
  enum Place: Sendable, Equatable {
    case slot(Int)
    case lane(Int)
  }

  /// The place of every demand.
  let places: [Place]
  let slotBytes: Int
  let laneBytes: Int

  /// Every place and both sizes are multiples of it.
  static let alignment = 64

  /// Places all demands; a pure function.
  ///
  /// - Parameter boundary: the first instruction of the backward pass. What lives before and from
  ///   there on is kept.
  init(_ demands: [Demand], boundary: Int) {
    let sizes = demands.map { ($0.bytes + Self.alignment - 1) / Self.alignment * Self.alignment }
    func isKept(_ index: Int) -> Bool {
      demands[index].life.lowerBound < boundary && demands[index].life.upperBound >= boundary
    }
    var slot = Part()
    var lane = Part()
    var places = [Place](repeating: .lane(0), count: demands.count)
    // In the order of their births, so that they die from the end, and what is free is in one piece.
    for index in demands.indices where isKept(index) {
      places[index] = .slot(slot.append(sizes[index], demands[index].life))
    }
    let slotBytes = slot.end
    let others = demands.indices.filter { !isKept($0) }.sorted {
      (-sizes[$0], $0) < (-sizes[$1], $1)
    }
    for index in others {
      let life = demands[index].life
      if let offset = slot.place(sizes[index], life, below: slotBytes) {
        places[index] = .slot(offset)
      } else {
        places[index] = .lane(lane.place(sizes[index], life, below: .max) ?? 0)
      }
    }
    self.places = places
    self.slotBytes = slotBytes
    laneBytes = lane.end
  }

  /// The most that is needed at once: no plan for one slot is smaller.
  static func lowerBound(_ demands: [Demand]) -> Int {
    let moments = Set(demands.map(\.life.lowerBound))
    return moments.reduce(0) { most, moment in
      max(most, demands.reduce(0) { $0 + ($1.life.contains(moment) ? $1.bytes : 0) })
    }
  }

  /// One of the two parts while it fills.
  private struct Part {
    private var taken: [(range: Range<Int>, life: ClosedRange<Int>)] = []
    private(set) var end = 0

    mutating func append(_ size: Int, _ life: ClosedRange<Int>) -> Int {
      take(end, size, life)
    }

    /// Takes the lowest place that nobody uses during `life`, or nothing if it would end above.
    mutating func place(_ size: Int, _ life: ClosedRange<Int>, below limit: Int) -> Int? {
      var offset = 0
      let rivals = taken.filter { $0.life.overlaps(life) && !$0.range.isEmpty }
      for rival in rivals.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
        if rival.range.lowerBound >= offset + size { break }
        offset = max(offset, rival.range.upperBound)
      }
      return size <= limit - offset ? take(offset, size, life) : nil
    }

    private mutating func take(_ offset: Int, _ size: Int, _ life: ClosedRange<Int>) -> Int {
      taken.append((offset..<offset + size, life))
      end = max(end, offset + size)
      return offset
    }
  }
}
