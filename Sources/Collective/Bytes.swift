// `unsafe` is sound here because views live only inside the closure that gets them, and elements
// are `BitwiseCopyable` values which a peer running the same program wrote as the same type.

extension Array where Element: BitwiseCopyable {
  /// Lends the elements' bytes.
  func withBytes<R>(
    _ body: (UnsafeRawBufferPointer) throws(CollectiveError) -> R
  ) throws(CollectiveError) -> R {
    let result = unsafe withUnsafeBytes { bytes in
      Result { () throws(CollectiveError) in try unsafe body(bytes) }
    }
    return try result.get()
  }

  /// An array of `count` elements whose bytes `fill` writes, all of them.
  init(
    receiving count: Int,
    _ fill: (UnsafeMutableRawBufferPointer) throws(CollectiveError) -> Void
  ) throws(CollectiveError) {
    var result: Result<Void, CollectiveError> = .success(())
    let filled = unsafe Self(unsafeUninitializedCapacity: count) { elements, initialized in
      let all = unsafe UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(elements)[..<(count * MemoryLayout<Element>.stride)]
      )
      result = Result { () throws(CollectiveError) in try unsafe fill(all) }
      if case .success = result { initialized = count }
    }
    try result.get()
    self = filled
  }

  /// The elements that `bytes` hold.
  init(bytes: [UInt8]) throws(CollectiveError) {
    try unsafe self.init(receiving: bytes.count / MemoryLayout<Element>.stride) { all in
      unsafe all.copyBytes(from: bytes.prefix(all.count))
    }
  }
}
