/// Where every parameter lies in the flat buffer of values, and in that of gradients.
///
/// Parameters stand in forward order, so a backward pass finishes them from the end. Names are
/// torchvision's. Running statistics of batch norm are no parameters: they have a flat buffer of
/// their own, in the same order.
public struct ParameterLayout: Sendable, Equatable {
  /// How a tensor is initialised and decayed.
  public enum Kind: Sendable, Equatable {
    /// Convolution weights O·I·T·H·W.
    case convolution
    /// A batch norm's scale, or its running variance: starts at one.
    case one
    /// A shift or a running mean: starts at zero.
    case zero
    /// A linear layer's weights or bias: uniform in ± 1/√`fanIn`.
    case linear(fanIn: Int)
  }

  /// One named tensor.
  public struct Entry: Sendable, Equatable {
    /// The tensor's name, for example `layer1.0.conv1.0.weight`.
    public let name: String
    /// Its extents, slowest first.
    public let shape: [Int]
    /// Its place in the flat buffer, in elements.
    public let range: Range<Int>
    /// How it starts.
    public let kind: Kind
  }

  /// The parameters, in forward order.
  public private(set) var parameters: [Entry] = []
  /// The running statistics, in forward order.
  public private(set) var statistics: [Entry] = []

  /// The number of parameters.
  public var parameterCount: Int { parameters.last?.range.upperBound ?? 0 }
  /// The number of running statistics.
  public var statisticsCount: Int { statistics.last?.range.upperBound ?? 0 }

  mutating func addParameter(_ name: String, _ shape: [Int], _ kind: Kind) -> Range<Int> {
    Self.append(name, shape, kind, to: &parameters)
  }

  mutating func addStatistic(_ name: String, _ count: Int, _ kind: Kind) -> Range<Int> {
    Self.append(name, [count], kind, to: &statistics)
  }

  private static func append(
    _ name: String, _ shape: [Int], _ kind: Kind, to entries: inout [Entry]
  ) -> Range<Int> {
    let start = entries.last?.range.upperBound ?? 0
    let range = start..<start + shape.reduce(1, *)
    entries.append(Entry(name: name, shape: shape, range: range, kind: kind))
    return range
  }
}
