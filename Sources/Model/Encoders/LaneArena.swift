// `unsafe` is sound here because every place comes from the plan that sized the storage, and the
// storage lives as long as the arena.
internal import Tensors

/// The memory of one lane, made once: a part for every slot and one that the slots share.
///
/// The evaluation program lies over all of it, since nothing is kept then.
@safe
struct LaneArena {
  private let storage: AlignedStorage
  /// The offset of every tensor of the training program, slot after slot, then of the evaluation's.
  private let training: [[Int]]
  private let evaluation: [Int]

  /// - Parameters:
  ///   - training: nil for an encoder that only evaluates.
  ///   - slots: the microbatches that are kept at once.
  init(training: EncoderProgram?, evaluation: EncoderProgram, slots: Int) {
    func offsets(_ plan: MemoryPlan, slot: Int) -> [Int] {
      plan.places.map { place in
        switch place {
        case .lane(let offset): offset
        case .slot(let offset): plan.laneBytes + slot * plan.slotBytes + offset
        }
      }
    }
    self.training =
      training.map { program in
        (0..<slots).map { offsets(program.plan, slot: $0) }
      } ?? []
    self.evaluation = offsets(evaluation.plan, slot: 0)
    let byteCount = Self.byteCount(training: training, evaluation: evaluation, slots: slots)
    storage = AlignedStorage(count: byteCount / 4)
  }

  /// The memory of a lane with this many slots, in bytes.
  static func byteCount(
    training: EncoderProgram?, evaluation: EncoderProgram, slots: Int
  ) -> Int {
    max(
      training.map { $0.plan.laneBytes + slots * $0.plan.slotBytes } ?? 0,
      evaluation.plan.laneBytes)
  }

  /// Where the tensors of one pass lie.
  func places(_ mode: Mode, slot: Int) -> Places {
    Places(base: storage, offsets: mode == .training ? training[slot] : evaluation)
  }

  /// Addresses of one program's tensors.
  @safe
  struct Places {
    fileprivate let base: AlignedStorage
    fileprivate let offsets: [Int]

    subscript(tensor: Tensor) -> UnsafeMutableRawPointer {
      unsafe UnsafeMutableRawPointer(base.base) + offsets[tensor.index]
    }

    func floats(_ tensor: Tensor) -> UnsafeMutablePointer<Float> {
      unsafe base.base + offsets[tensor.index] / 4
    }

    func bytes(_ tensor: Tensor) -> UnsafeMutablePointer<UInt8> {
      unsafe self[tensor].assumingMemoryBound(to: UInt8.self)
    }
  }
}
