/// A storage as a pickle names it: a run of elements in the file, or a part of one.
struct StorageReference: Equatable {
  /// The name of the run of elements.
  let key: String
  let element: StoredElement
  /// The elements of the whole run.
  let wholeCount: Int
  /// The elements that this storage is.
  let part: Range<Int>

  /// The bytes of the whole run; nil where no `Int` can say it.
  static func byteCount(_ count: Int, _ element: StoredElement) -> Int? {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: element.size)
    return count >= 0 && !overflow ? bytes : nil
  }
}

/// A strided view of a storage, checked against it: every element lies inside.
struct TensorView: Equatable {
  /// The view's storage, by its place among all.
  let storage: Int
  /// The first element, counted from the start of the whole run.
  let offset: Int
  let shape: [Int]
  /// The elements from one index to the next, by dimension; none is negative.
  let strides: [Int]
  /// The number of elements.
  let count: Int

  /// PyTorch's own networks have five dimensions at most.
  static let mostDimensions = 16

  /// Checks a view; nil where it is impossible or reaches outside of its storage.
  init?(storage: Int, of reference: StorageReference, offset: Int, shape: [Int], strides: [Int]) {
    guard shape.count == strides.count, shape.count <= Self.mostDimensions, offset >= 0,
      shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
    else { return nil }
    var count = 1
    var (last, isTooFar) = reference.part.lowerBound.addingReportingOverflow(offset)
    for (extent, stride) in zip(shape, strides) {
      let (product, isTooMany) = count.multipliedReportingOverflow(by: extent)
      let (way, isTooLong) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
      let (sum, isOutside) = last.addingReportingOverflow(way)
      isTooFar = isTooFar || isTooMany || isTooLong || isOutside
      (count, last) = (product, sum)
    }
    guard !isTooFar, count == 0 || last < reference.part.upperBound else { return nil }
    self.storage = storage
    self.offset = reference.part.lowerBound + offset
    self.shape = shape
    self.strides = strides
    self.count = count
  }

  /// Calls `body` with the first element, the stride and the length of every innermost row, in
  /// row-major order.
  func forEachRow(_ body: (_ first: Int, _ stride: Int, _ count: Int) -> Void) {
    guard count > 0 else { return }
    // Dimensions that follow each other without a gap are one.
    var (extents, steps) = ([1], [1])
    for (extent, stride) in zip(shape, strides) where extent > 1 {
      let end = extents.count - 1
      if extents[end] == 1 {
        (extents[end], steps[end]) = (extent, stride)
      } else if steps[end] == extent * stride {
        extents[end] *= extent
        steps[end] = stride
      } else {
        extents.append(extent)
        steps.append(stride)
      }
    }
    let row = extents.count - 1
    var place = [Int](repeating: 0, count: row)
    var first = offset
    while true {
      body(first, steps[row], extents[row])
      var axis = row - 1
      while axis >= 0 {
        place[axis] += 1
        first += steps[axis]
        if place[axis] < extents[axis] { break }
        first -= extents[axis] * steps[axis]
        place[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
