/// How one unit's convolution is computed in each of its directions.
struct ConvolutionChoice: Sendable, Hashable, Codable {
  /// The method of each direction; never `timed`.
  var forward, backwardData, backwardWeights: ConvolutionMethod
  /// Whether the methods were measured, and hold; otherwise they hold where a rule in the shape expects
  /// them to be faster than oneDNN.
  var isMeasured = false
  /// Whether bf16 weight gradients are computed in fp32, from widened operands.
  var hasWideWeights = false

  /// One method for all directions.
  init(_ method: ConvolutionMethod, isMeasured: Bool = false) {
    (forward, backwardData, backwardWeights) = (method, method, method)
    self.isMeasured = isMeasured
  }

  subscript(direction: KernelDirection) -> ConvolutionMethod {
    get {
      switch direction {
      case .forward: forward
      case .backwardData: backwardData
      case .backwardWeights: backwardWeights
      }
    }
    set {
      switch direction {
      case .forward: forward = newValue
      case .backwardData: backwardData = newValue
      case .backwardWeights: backwardWeights = newValue
      }
    }
  }

  /// The methods in the order of the directions.
  var methods: [ConvolutionMethod] { [forward, backwardData, backwardWeights] }
}

extension ConvolutionChoice: CustomStringConvertible {
  /// "f4", or "f4/f4/direct" where the directions differ.
  var description: String {
    let names = methods.map(\.rawValue)
    return (Set(names).count == 1 ? names[0] : names.joined(separator: "/"))
      + (hasWideWeights ? ", wide weights" : "")
  }
}
