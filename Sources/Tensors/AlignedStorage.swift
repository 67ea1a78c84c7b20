// `unsafe` is sound here because the address and the count never change after `init`, and the
// memory is freed once, when the last owner is gone.
import Foundation

/// A block of floats at a 64-byte boundary, large enough blocks on huge pages.
///
/// `@unchecked Sendable`: who may write when is agreed by the owners, who hand out disjoint ranges
/// (gradients of one lane) or write only while no lane runs (weights).
@safe
public final class AlignedStorage: @unchecked Sendable {
  /// The number of floats.
  public let count: Int
  /// The first float; valid while this object lives.
  public let base: UnsafeMutablePointer<Float>

  /// Allocates `count` zeros.
  public convenience init(count: Int) {
    unsafe self.init(count: count) { unsafe $0.update(repeating: 0, count: count) }
  }

  /// Allocates room for `count` floats, which takes no memory until `fill` writes them, all of them.
  public init(count: Int, filling fill: (UnsafeMutablePointer<Float>) -> Void) {
    self.count = count
    let hugePage = 2 << 20
    let bytes = max(64, count * MemoryLayout<Float>.stride)
    let alignment = bytes >= hugePage ? hugePage : 64
    let rounded = (bytes + alignment - 1) / alignment * alignment
    let raw = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: alignment)
    #if os(Linux)
      if bytes >= hugePage { _ = unsafe madvise(raw, rounded, Int32(MADV_HUGEPAGE)) }
    #endif
    unsafe base = raw.bindMemory(to: Float.self, capacity: rounded / 4)
    unsafe fill(base)
  }

  deinit { unsafe base.deallocate() }

  /// All elements, for the time of the storage's life.
  public var buffer: UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(start: base, count: count)
  }

  /// A copy of the elements.
  public var array: [Float] { unsafe Array(buffer) }

  /// Replaces the elements.
  public func assign(_ values: [Float]) {
    precondition(values.count == count, "\(values.count) values for \(count) places")
    for (index, value) in values.enumerated() { unsafe base[index] = value }
  }
}
