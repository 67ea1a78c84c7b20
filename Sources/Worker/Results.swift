import Foundation
internal import Tensors

/// Matrices that lanes hand in by index, in whatever order they finish.
///
/// `@unchecked Sendable`: the array is touched under the lock alone.
final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var matrices: [Matrix]

  init(count: Int) {
    matrices = Array(repeating: Matrix(rows: 0, columns: 0), count: count)
  }

  subscript(_ index: Int) -> Matrix {
    get { lock.withLock { matrices[index] } }
    set { lock.withLock { matrices[index] = newValue } }
  }

  var values: [Matrix] { lock.withLock { matrices } }
}
