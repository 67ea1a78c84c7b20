// `unsafe` is sound here because both operands have the count that is passed on.
internal import CKernels

/// What is computed element by element, by count.
enum ElementwiseShape: Hashable {
  /// Floats to bf16.
  case round(Int)
  /// y += x.
  case add(Int)

  var count: Int {
    switch self {
    case .round(let count), .add(let count): count
    }
  }
}

/// An elementwise kernel with operands of its own.
@safe
final class ElementwiseProbe: KernelProbe {
  let name: String
  let directions = [KernelDirection.forward]
  private let sizes: ElementwiseShape
  private let precision: Precision
  private let x, y: ProbeOperand

  init(_ name: String, _ sizes: ElementwiseShape, precision: Precision) {
    self.name = name
    (self.sizes, self.precision) = (sizes, precision)
    var source = precision
    if case .round = sizes { source = .fp32 }
    x = ProbeOperand(sizes.count, source)
    y = ProbeOperand(sizes.count, precision)
  }

  var shape: String { "\(sizes.count) elements" }
  func implementation(_ direction: KernelDirection) -> String { "kindreel" }

  /// Rounding to bf16 errs by 2⁻⁸ of a number at most; cutting off would by twice as much.
  func bound(_ direction: KernelDirection) -> Double {
    guard precision == .bf16 else { return 5e-5 }
    if case .round = sizes { return 0.004 }
    return 0.0056
  }

  func fill() {
    x.fill(0)
    y.fill(1)
  }

  func result(_ direction: KernelDirection) -> ProbeOperand { y }

  func written(by direction: KernelDirection) -> [ProbeOperand] {
    if case .round = sizes { [y] } else { [] }
  }

  func run(_ direction: KernelDirection) {
    switch sizes {
    case .round(let count):
      unsafe ck_to_bf16(x.floats, Int64(count), y.raw.assumingMemoryBound(to: UInt16.self))
    case .add(let count): unsafe ck_add(precision.type, x.raw, Int64(count), y.raw)
    }
  }

  func largestError(_ direction: KernelDirection) -> Double {
    sampled(sizes.count, most: 8192).reduce(0) { worst, index in
      var sum = ExpectedSum(x[index])
      if case .add = sizes { sum.add(Double(y.given(index))) }
      return max(worst, sum.error(of: y[index]))
    }
  }
}
