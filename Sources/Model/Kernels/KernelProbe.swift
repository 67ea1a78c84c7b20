internal import CKernels

/// A way through a kernel.
public enum KernelDirection: String, Codable, Sendable, CaseIterable {
  /// Input to output.
  case forward
  /// The output's gradient to the input's.
  case backwardData
  /// Input and the output's gradient to the parameters' gradient.
  case backwardWeights

  var direction: ck_direction {
    switch self {
    case .forward: CK_FORWARD
    case .backwardData: CK_BACKWARD_DATA
    case .backwardWeights: CK_BACKWARD_WEIGHTS
    }
  }
}

/// One kernel with operands of its own, so that it can be checked alone.
protocol KernelProbe: AnyObject {
  /// What it is, or the first layer that runs it.
  var name: String { get }
  /// Its shape, in words.
  var shape: String { get }
  /// The directions that a pass needs.
  var directions: [KernelDirection] { get }

  /// What computes a direction.
  func implementation(_ direction: KernelDirection) -> String
  /// Gives every operand random numbers again.
  func fill()
  /// What a direction computes.
  func result(_ direction: KernelDirection) -> ProbeOperand
  /// What a direction writes, and reads nothing of: mostly its result.
  func written(by direction: KernelDirection) -> [ProbeOperand]
  /// Computes a direction once, on this thread.
  func run(_ direction: KernelDirection)
  /// The largest error of a result, at the places looked at; see `KernelCheck`.
  func largestError(_ direction: KernelDirection) -> Double
  /// The error from which on the kernel counts as wrong.
  func bound(_ direction: KernelDirection) -> Double
}

extension KernelProbe {
  /// Gives the results of a direction bits that are no numbers.
  ///
  /// So what a kernel leaves out, or takes from memory that it did not write, is seen.
  func forget(_ direction: KernelDirection) {
    for operand in written(by: direction) { operand.forget() }
  }

  /// Runs a direction on fresh operands, over a forgotten result; its largest error.
  ///
  /// - Parameter tamper: may spoil the result before it is looked at, in tests.
  func runAndCompare(_ direction: KernelDirection, tamper: () -> Void = {}) -> Double {
    fill()
    forget(direction)
    run(direction)
    tamper()
    return largestError(direction)
  }
}

/// A sum as it should be, and the sum of its terms' squares, which measures what may be off.
struct ExpectedSum {
  private(set) var value = 0.0
  private var squares = 0.0

  init(_ terms: Double...) {
    for term in terms { add(term) }
  }

  mutating func add(_ term: Double) {
    value += term
    squares += term * term
  }

  /// Adds the terms of another sum, each times a factor.
  mutating func add(_ sum: ExpectedSum, times factor: Double) {
    value += sum.value * factor
    squares += sum.squares * factor * factor
  }

  /// The same, with negative sums as 0.
  var rectified: ExpectedSum {
    var sum = self
    sum.value = max(0, value)
    return sum
  }

  /// The distance in units of the root of the squares, or of the sum itself where that is larger: results
  /// are rounded in its proportion.
  func error(of actual: Double) -> Double {
    let distance = abs(actual - value)
    guard distance.isFinite else { return .infinity }
    guard squares > 0 else { return distance == 0 ? 0 : .infinity }
    return distance / max(squares.squareRoot(), abs(value))
  }
}
