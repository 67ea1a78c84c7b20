/// How every unit's convolution is computed: one method for all, and what replaces kernels that were
/// found wrong.
///
/// A choice changes bits, so all ranks of a run make the same.
public struct KernelChoices: Sendable, Hashable {
  /// The method of all units that are not named below.
  public let method: ConvolutionMethod
  private var replaced: [Int: ConvolutionChoice] = [:]

  /// One method for all.
  public init(_ method: ConvolutionMethod) { self.method = method }

  /// Whether every unit is computed as asked for.
  public var isPlain: Bool { replaced.isEmpty }

  subscript(unit: Int) -> ConvolutionChoice {
    replaced[unit] ?? ConvolutionChoice(method: method)
  }

  /// Takes the next choice for a unit some of whose directions were found wrong; false where there is
  /// none.
  ///
  /// Winograd's method gives way to oneDNN in all directions; a bf16 weight gradient to one in fp32.
  public mutating func replace(
    _ unit: Int, wrong directions: Set<ConvolutionDirection>, _ precision: Precision
  ) -> Bool {
    var choice = self[unit]
    if choice.method != .direct {
      choice.method = .direct
    } else if directions == [.backwardWeights] && precision == .bf16 && !choice.hasWideWeights {
      choice.hasWideWeights = true
    } else {
      return false
    }
    replaced[unit] = choice
    return true
  }
}
