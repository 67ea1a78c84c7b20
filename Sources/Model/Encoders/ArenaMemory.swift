/// What the arenas of a rank's lanes take, and whether activations are kept for the backward pass.
public struct ArenaMemory: Sendable, CustomStringConvertible {
  /// The microbatches that each lane keeps at once.
  public let slots: [Int]
  /// Whether that is as many as it computes in a step.
  public let keepsActivations: Bool
  /// The arenas of all lanes, in bytes.
  public let byteCount: Int
  /// What keeping all would take, in bytes.
  public let byteCountIfKept: Int
  private let lane: Int
  private let peak: String

  /// Counts the arenas of lanes with these slots.
  public init(_ packed: PackedWeights, slots: [Int]) {
    self.init(Programs(packed), slots: slots, shares: slots)
  }

  private init(_ programs: Programs, slots: [Int], shares: [Int]) {
    self.slots = slots
    keepsActivations = slots == shares
    byteCount = slots.reduce(0) { $0 + programs.byteCount(slots: $1) }
    byteCountIfKept = shares.reduce(0) { $0 + programs.byteCount(slots: $1) }
    lane = programs.byteCount(slots: slots.max() ?? 0)
    peak = (slots.contains { $0 > 0 } ? programs.training : programs.evaluation).peakSummary
  }

  /// Keeps all activations if the budget allows, otherwise one microbatch's a lane.
  ///
  /// - Parameters:
  ///   - shares: the microbatches that each lane computes in a step.
  ///   - budget: for all arenas of the rank, in bytes.
  /// - Throws: where even the latter does not fit.
  public static func fitting(
    _ packed: PackedWeights, shares: [Int], budget: Int
  ) throws(ModelError) -> ArenaMemory {
    let programs = Programs(packed)
    let shares = shares.map { max($0, 1) }
    let kept = ArenaMemory(programs, slots: shares, shares: shares)
    guard kept.byteCount > budget else { return kept }
    let least = ArenaMemory(programs, slots: shares.map { _ in 1 }, shares: shares)
    guard least.byteCount <= budget else {
      throw ModelError(
        "the arenas of \(shares.count) lanes take \(megabytes(least.byteCount)) MiB with one "
          + "microbatch of \(packed.clips) clips each, but memoryMegabytes leaves "
          + "\(budget >> 20) MiB for them; raise it, or take fewer lanes or smaller microbatches")
    }
    return least
  }

  /// For example "arena 485 MiB a lane (at its peak activations 370, gradients 98, scratch 10 MiB)".
  public var description: String {
    let arena = "arena \(megabytes(lane)) MiB a lane (at its peak \(peak) MiB)"
    return keepsActivations
      ? arena : arena + "; keeping activations would take \(megabytes(byteCountIfKept)) MiB in all"
  }

  /// The two programs of a lane.
  private struct Programs {
    let training, evaluation: EncoderProgram

    init(_ packed: PackedWeights) {
      training = packed.program(.training)
      evaluation = packed.program(.evaluation)
    }

    func byteCount(slots: Int) -> Int {
      LaneArena.byteCount(
        training: slots > 0 ? training : nil, evaluation: evaluation, slots: slots)
    }
  }
}

/// Bytes in MiB, rounded up.
private func megabytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }

extension EncoderProgram {
  /// The bytes of every kind where most is needed, for people.
  fileprivate var peakSummary: String {
    let demands = demands
    func live(_ step: Int) -> [Int] {
      demands.indices.filter { demands[$0].life.contains(step) }
    }
    func bytes(_ indices: [Int]) -> Int { indices.reduce(0) { $0 + demands[$1].bytes } }
    let peak = instructions.indices.max { bytes(live($0)) < bytes(live($1)) } ?? 0
    return Kind.allCases.map { kind in
      let sum = bytes(live(peak).filter { tensors[$0].kind == kind })
      return "\(kind.rawValue) \(megabytes(sum))"
    }.joined(separator: ", ")
  }
}
