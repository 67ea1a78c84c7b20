// `unsafe` is sound here because the address and the count never change after `init`, every access
// through the subscript is checked against the count, and the memory is freed with the last owner.
internal import CPanels

/// A fixed number of plain values that lanes may write at the same time, each at its own places.
///
/// `@unchecked Sendable`: between two calls of a pool only one thread touches it, and within a call
/// no place that one lane writes is read or written by another. Places hold nothing defined before
/// they are written, and pages that are never written take no memory.
@safe
final class LaneArray<Element: BitwiseCopyable>: @unchecked Sendable {
  let count: Int
  let base: UnsafeMutablePointer<Element>

  /// - Parameter onHugePages: for places that are visited far apart, where there are 32 MB of them, which
  ///   the C library gives back as a whole.
  init(count: Int, onHugePages: Bool = false) {
    self.count = count
    let bytes = max(64, count * MemoryLayout<Element>.stride)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    if onHugePages, bytes >= 32 << 20 { unsafe cpanels_use_huge_pages(raw, Int64(bytes)) }
    unsafe base = raw.bindMemory(to: Element.self, capacity: count)
  }

  convenience init(_ elements: [Element]) {
    self.init(count: elements.count)
    for (index, element) in elements.enumerated() { self[index] = element }
  }

  deinit { unsafe base.deallocate() }

  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return unsafe base[index]
    }
    set {
      precondition(index >= 0 && index < count)
      unsafe base[index] = newValue
    }
    _modify {
      precondition(index >= 0 && index < count)
      yield unsafe &base[index]
    }
  }
}
