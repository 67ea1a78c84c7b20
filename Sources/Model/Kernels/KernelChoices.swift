/// How every unit's convolution is computed: one method for all, and units that have a choice of their
/// own, because it was measured, or because kernels were found wrong.
///
/// A choice changes bits, so all ranks of a run make the same, and checkpoints keep it.
public struct KernelChoices: Sendable, Hashable, Codable {
  /// The method of all units that are not named below; `timed` where all are.
  public private(set) var method: ConvolutionMethod
  private var own: [Int: ConvolutionChoice] = [:]

  /// One method for all.
  public init(_ method: ConvolutionMethod) {
    precondition(method != .timed, "there is no choice before something was timed")
    self.method = method
  }

  /// What was measured of every unit.
  init(timed choices: [ConvolutionChoice]) {
    method = .timed
    own = Dictionary(uniqueKeysWithValues: choices.enumerated().map { ($0.offset, $0.element) })
  }

  /// The same, with a name for what `auto` stands for.
  public func naming(auto named: ConvolutionMethod) -> KernelChoices {
    var choices = self
    if method == .auto { choices.method = named }
    return choices
  }

  /// Whether no unit has a choice of its own.
  public var isPlain: Bool { own.isEmpty }

  subscript(unit: Int) -> ConvolutionChoice { own[unit] ?? ConvolutionChoice(method) }

  /// Whether it says of each of so many units, and of no other, how it is computed; what was read from
  /// a file may not.
  public func covers(units count: Int) -> Bool {
    own.keys.allSatisfy { (0..<count).contains($0) }
      && own.values.allSatisfy { !$0.methods.contains(.timed) }
      && (method != .timed || own.count == count)
  }

  /// Takes the next choice for a unit some of whose directions were found wrong; false where there is
  /// none.
  ///
  /// Winograd's method gives way to oneDNN in all directions; a bf16 weight gradient to one in fp32.
  public mutating func replace(
    _ unit: Int, wrong directions: Set<KernelDirection>, _ precision: Precision
  ) -> Bool {
    var choice = self[unit]
    if choice.methods.contains(where: { $0 != .direct }) {
      choice = ConvolutionChoice(.direct, isMeasured: choice.isMeasured)
    } else if directions == [.backwardWeights] && precision == .bf16 && !choice.hasWideWeights {
      choice.hasWideWeights = true
    } else {
      return false
    }
    own[unit] = choice
    return true
  }

  /// The choices in a line, neighbours that are alike together: "stem.0 direct, layer1.0.conv1.0 to
  /// layer2.0.conv1.0 f4/f4/f2 (forward/data/weights)".
  public func summary(of network: ResNet3D) -> String {
    var parts: [(first: Int, last: Int)] = []
    for unit in network.units.indices {
      if let part = parts.last, self[part.first] == self[unit] {
        parts[parts.count - 1].last = unit
      } else {
        parts.append((unit, unit))
      }
    }
    func name(_ unit: Int) -> String { network.units[unit].name }
    let texts = parts.map { part in
      name(part.first) + (part.first == part.last ? "" : " to \(name(part.last))")
        + " \(self[part.first])"
    }
    return texts.joined(separator: ", ") + " (forward/data/weights)"
  }
}
