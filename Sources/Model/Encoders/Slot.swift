// `unsafe` is sound here because every place comes from the plan that sized the storage, and the
// storage lives as long as the slot.
internal import Tensors

/// The arena of one microbatch: everything between its forward and its backward pass.
@safe
struct Slot {
  private let storage: AlignedStorage
  private let plan: ActivationPlan

  init(_ plan: ActivationPlan) {
    self.plan = plan
    storage = AlignedStorage(count: plan.byteCount / 4)
  }

  private func at(_ offset: Int) -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(storage.base) + offset
  }

  private func floats(_ offset: Int) -> UnsafeMutablePointer<Float> {
    unsafe storage.base + offset / 4
  }

  var input: UnsafeMutablePointer<Float> { unsafe floats(plan.input) }
  var pooled: UnsafeMutableRawPointer { unsafe at(plan.pooled) }
  var winners: UnsafeMutablePointer<UInt8> {
    unsafe at(plan.winners).assumingMemoryBound(to: UInt8.self)
  }
  var features: UnsafeMutablePointer<Float> { unsafe floats(plan.features) }
  var moments: UnsafeMutablePointer<Float> { unsafe floats(plan.moments) }
  var inverses: UnsafeMutablePointer<Float> { unsafe floats(plan.inverses) }
  func output(_ unit: Int) -> UnsafeMutableRawPointer { unsafe at(plan.units[unit].output) }
  func result(_ unit: Int) -> UnsafeMutableRawPointer { unsafe at(plan.units[unit].result) }

  /// The head's three results: before its norm, after its ReLU, and the embedding.
  var head:
    (
      hidden: UnsafeMutablePointer<Float>, normalized: UnsafeMutablePointer<Float>,
      embedding: UnsafeMutablePointer<Float>
    )?
  {
    guard let head = plan.head else { return nil }
    return unsafe (floats(head.hidden), floats(head.normalized), floats(head.embedding))
  }
}
